//! Operands joined by `and`, `or` and `not`, in one flat list.

/// How two operands are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Either is enough.
    Or,
    /// Both are needed; binds tighter.
    And,
}

/// Operands and how they are joined.
///
/// It is run with one answer at hand: an operand sets it, `not` turns it around, and a join skips
/// its right side when the answer at hand has settled it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression<Operand> {
    steps: Vec<Step<Operand>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Step<Operand> {
    Operand(Operand),
    /// The right side begins at the next step and ends before the step `end`.
    Join {
        join: Join,
        end: usize,
    },
    Not,
}

impl<Operand> Expression<Operand> {
    /// The operands, from left to right.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.steps.iter().filter_map(|step| match step {
            Step::Operand(operand) => Some(operand),
            Step::Join { .. } | Step::Not => None,
        })
    }

    /// Whether it holds, when `holds` says so of an operand. No operand is asked twice.
    pub fn holds(&self, mut holds: impl FnMut(&Operand) -> bool) -> bool {
        let mut answer = false;
        let mut next = 0;
        while let Some(step) = self.steps.get(next) {
            next += 1;
            match step {
                Step::Operand(operand) => answer = holds(operand),
                Step::Not => answer = !answer,
                Step::Join { join, end } if answer == (*join == Join::Or) => next = *end,
                Step::Join { .. } => {}
            }
        }
        answer
    }

    /// Builds something from the operands up, without recursion: `operand` makes one of each
    /// operand, `join` one of two, and `negate` one of one.
    pub fn fold<'e, Built>(
        &'e self,
        mut operand: impl FnMut(&'e Operand) -> Built,
        mut join: impl FnMut(Join, Built, Built) -> Built,
        mut negate: impl FnMut(Built) -> Built,
    ) -> Built {
        let mut built = Vec::new();
        let mut open: Vec<(Join, usize)> = Vec::new();
        for index in 0..=self.steps.len() {
            while let Some((joined, _)) = open.pop_if(|(_, end)| *end == index) {
                let right: Built = built.pop().expect("a join has a right side");
                let left = built.pop().expect("a join has a left side");
                built.push(join(joined, left, right));
            }
            match self.steps.get(index) {
                Some(Step::Operand(found)) => built.push(operand(found)),
                Some(Step::Join { join, end }) => open.push((*join, *end)),
                Some(Step::Not) => {
                    let inner = built.pop().expect("there is something to negate");
                    built.push(negate(inner));
                }
                None => {}
            }
        }
        built.pop().expect("an expression has an operand")
    }
}

/// Makes an expression of what a reader meets from left to right.
#[derive(Debug)]
pub(super) struct Builder<Operand> {
    steps: Vec<Step<Operand>>,
    open: Vec<Open>,
}

/// What is not yet complete.
#[derive(Debug)]
enum Open {
    Group { negated: bool },
    Join { join: Join, step: usize },
}

impl<Operand> Builder<Operand> {
    pub(super) fn new() -> Self {
        Self {
            steps: vec![],
            open: vec![],
        }
    }

    pub(super) fn open(&mut self, negated: bool) {
        self.open.push(Open::Group { negated });
    }

    /// Closes the group that was opened last; the caller has seen that there is one, and that it
    /// ends with an operand.
    pub(super) fn close(&mut self) {
        self.complete(Join::Or);
        if let Some(Open::Group { negated: true }) = self.open.pop() {
            self.steps.push(Step::Not);
        }
    }

    pub(super) fn operand(&mut self, operand: Operand) {
        self.steps.push(Step::Operand(operand));
    }

    /// What stands before the word is complete as far as it binds as tightly.
    pub(super) fn join(&mut self, join: Join) {
        self.complete(join);
        self.open.push(Open::Join {
            join,
            step: self.steps.len(),
        });
        self.steps.push(Step::Join { join, end: 0 });
    }

    pub(super) fn finish(mut self) -> Expression<Operand> {
        self.complete(Join::Or);
        Expression { steps: self.steps }
    }

    /// Completes the joins of the innermost group that bind at least as tightly.
    fn complete(&mut self, at_least: Join) {
        let length = self.steps.len();
        while let Some(Open::Join { join, step }) = self.open.last() {
            if at_least == Join::And && *join == Join::Or {
                return;
            }
            let (join, step) = (*join, *step);
            self.steps[step] = Step::Join { join, end: length };
            self.open.pop();
        }
    }
}
