//! The table of ratios.

use std::fmt::Write;

use crate::{figures::Figures, rounds::Rounds};

/// How it came to be, and how it is read; the table of the machine begins at its end.
const HEAD: &str = include_str!("head.md");

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Answers, rows or commits a second.
    PerSecond,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Mebibytes.
    Mebibytes,
}

/// What a figure is held against.
#[derive(Debug, Clone)]
pub enum Held {
    /// What another gave in the same rounds.
    Against(String, Figures),
    /// A number that was promised.
    Promise(f64),
}

/// What the ratio is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// Nothing was promised.
    None,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// Its figures.
    pub figures: Figures,
    /// What they count.
    pub unit: Unit,
    /// What they are held against.
    pub held: Held,
    /// What was promised.
    pub target: Target,
}

/// A section's lines, and what its reader must know.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// The lines.
    pub rows: Vec<Row>,
    /// Sentences for below the table: what was not there, what was measured how.
    pub remarks: Vec<String>,
}

impl Section {
    /// Adds a sentence for below the table.
    pub fn remark(&mut self, sentence: impl Into<String>) {
        self.remarks.push(sentence.into());
    }
}

impl Row {
    /// Figures that are held against another's, of the same rounds.
    pub fn against(
        what: impl Into<String>,
        (unit, figures): (Unit, &Figures),
        (name, theirs): (&str, &Figures),
        target: Target,
    ) -> Self {
        Self {
            what: what.into(),
            figures: figures.clone(),
            unit,
            held: Held::Against(name.to_owned(), theirs.clone()),
            target,
        }
    }

    /// How many answers a second there were beside another's.
    pub fn rates(
        what: impl Into<String>,
        ours: &Rounds,
        (name, theirs): (&str, &Rounds),
        target: Target,
    ) -> Self {
        let ours = (Unit::PerSecond, &ours.per_second);
        Self::against(what, ours, (name, &theirs.per_second), target)
    }

    /// Figures of which it was promised that they are this or less.
    pub fn at_most(what: impl Into<String>, unit: Unit, figures: Figures, promise: f64) -> Self {
        Self {
            what: what.into(),
            figures,
            unit,
            held: Held::Promise(promise),
            target: Target::AtMost(1.0),
        }
    }

    /// Ours by theirs, round by round.
    pub fn ratio(&self) -> Figures {
        match &self.held {
            Held::Against(_, figures) => self.figures.by(figures),
            Held::Promise(number) => self.figures.by_number(*number),
        }
    }

    /// `yes`, or by how much it was missed.
    pub fn verdict(&self) -> String {
        let ratio = self.ratio().median();
        let missed = match self.target {
            Target::AtLeast(target) => (target - ratio) / target,
            Target::AtMost(target) => (ratio - target) / target,
            Target::None => return String::new(),
        };
        if missed <= 0.0 {
            return "yes".to_owned();
        }
        format!("**no**, missed by {:.0} %", (100.0 * missed).ceil())
    }

    /// A sentence for the end, when the target was missed.
    pub fn missed(&self, title: &str) -> Option<String> {
        let verdict = self.verdict();
        let verdict = verdict.strip_prefix("**no**, ")?;
        let against = match &self.held {
            Held::Against(name, _) => format!(", against {name}"),
            Held::Promise(_) => String::new(),
        };
        Some(format!("{title}: {}{against}: {verdict}", self.what))
    }

    fn line(&self) -> String {
        let ratio = self.ratio();
        let target = match self.target {
            Target::AtLeast(target) => format!("≥ {}", plain(target)),
            Target::AtMost(target) => format!("≤ {}", plain(target)),
            Target::None => String::new(),
        };
        let against = match &self.held {
            Held::Against(name, figures) => {
                format!("{name}: {}", shown(figures.median(), self.unit))
            }
            Held::Promise(number) => format!("{} promised", shown(*number, self.unit)),
        };
        format!(
            "| {} | {} | {against} | **{}** ({} – {}) | {target} | {} |",
            self.what,
            shown(self.figures.median(), self.unit),
            plain(ratio.median()),
            plain(ratio.minimum()),
            plain(ratio.maximum()),
            self.verdict(),
        )
    }
}

/// What stands before the sections: how they came to be and how they are read.
pub fn head(machine: &[(String, String)]) -> String {
    let mut text = HEAD.to_owned();
    for (name, value) in machine {
        writeln!(text, "| {name} | {value} |").expect("text takes everything");
    }
    text.push('\n');
    text
}

/// What stands behind them: the targets that were missed, and how much of the time the hypervisor
/// took away, in percent.
pub fn foot(missed: &[String], stolen: f64) -> String {
    let mut text = "## Missed\n\n".to_owned();
    if missed.is_empty() {
        text += "Nothing: every target was met in this run.\n";
    }
    for sentence in missed {
        writeln!(text, "- {sentence}").expect("text takes everything");
    }
    writeln!(
        text,
        "\nThe hypervisor took {stolen:.1} % of the run's time for other machines."
    )
    .expect("text takes everything");
    text
}

/// A section as Markdown.
pub fn to_markdown(title: &str, section: &Section) -> String {
    let mut text = format!("## {title}\n\n");
    if !section.rows.is_empty() {
        text += "| what | figure | held against | ratio (min – max) | target | met |\n\
                 |---|---|---|---|---|---|\n";
        for row in &section.rows {
            text += &row.line();
            text.push('\n');
        }
        text.push('\n');
    }
    for remark in &section.remarks {
        writeln!(text, "- {remark}").expect("text takes everything");
    }
    if !section.remarks.is_empty() {
        text.push('\n');
    }
    text
}

/// A ratio.
fn plain(number: f64) -> String {
    match number.abs() {
        large if large >= 100.0 => grouped(number),
        large if large >= 10.0 => format!("{number:.1}"),
        small if small < 0.095 => format!("{number:.3}"),
        _ => format!("{number:.2}"),
    }
}

/// A figure with its unit, in three digits that mean something.
fn shown(number: f64, unit: Unit) -> String {
    let digits = match number.abs() {
        large if large >= 100.0 => grouped(number),
        middle if middle >= 10.0 => format!("{number:.1}"),
        small if small >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    };
    let unit = match unit {
        Unit::PerSecond => "/s",
        Unit::Milliseconds => " ms",
        Unit::Seconds => " s",
        Unit::Bytes => " B",
        Unit::Mebibytes => " MiB",
    };
    format!("{digits}{unit}")
}

/// A large number in three digits, with commas between the thousands.
pub fn grouped(number: f64) -> String {
    let mut unit = 1.0;
    while number.abs() / unit >= 999.5 {
        unit *= 10.0;
    }
    let digits = format!("{:.0}", (number / unit).round() * unit);
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(figure: f64, held: Held, target: Target) -> Row {
        Row {
            what: "get".to_owned(),
            figures: Figures::new(vec![figure]),
            unit: Unit::PerSecond,
            held,
            target,
        }
    }

    fn against(figure: f64) -> Held {
        Held::Against("bare hyper".to_owned(), Figures::new(vec![figure]))
    }

    #[test]
    fn a_line_says_what_it_is_held_against_and_whether_it_holds() {
        let met = row(150_432.0, against(200_000.0), Target::AtLeast(0.67));
        let expected = "| get | 150,000/s | bare hyper: 200,000/s | **0.75** (0.75 – 0.75) | ≥ 0.67 \
                        | yes |";
        assert_eq!(met.line(), expected);
    }

    #[test]
    fn a_missed_target_says_by_how_much() {
        let missed = row(50.0, against(100.0), Target::AtLeast(0.6));
        assert_eq!(missed.verdict(), "**no**, missed by 17 %");
        let missed = row(1.5, Held::Promise(1.0), Target::AtMost(1.0));
        assert_eq!(missed.verdict(), "**no**, missed by 50 %");
        let barely = row(1.0001, Held::Promise(1.0), Target::AtMost(1.0));
        assert_eq!(barely.verdict(), "**no**, missed by 1 %");
        let met = row(1.0, Held::Promise(1.0), Target::AtMost(1.0));
        assert_eq!(met.verdict(), "yes");
        let nothing = row(1.0, Held::Promise(1.0), Target::None);
        assert_eq!(nothing.verdict(), "");
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(shown(149_512.0, Unit::PerSecond), "150,000/s");
        assert_eq!(shown(1_234_567.0, Unit::PerSecond), "1,230,000/s");
        assert_eq!(shown(0.2345, Unit::Milliseconds), "0.234 ms");
        assert_eq!(shown(2.345, Unit::Seconds), "2.35 s");
        assert_eq!(shown(203.4, Unit::Bytes), "203 B");
        assert_eq!(shown(98.76, Unit::Mebibytes), "98.8 MiB");
    }
}
