//! Rounds of all that is compared, one of each in turn.

use std::time::Duration;

use crate::{
    figures::Figures,
    process::Running,
    rollcall::Server,
    wrk::{Load, Outcome},
};

/// How often, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds that count; one before them does not.
    pub rounds: usize,
    /// How long each lasts.
    pub duration: Duration,
}

impl Plan {
    /// For what is written to the disk, which sometimes makes everybody wait.
    pub fn longer(self) -> Self {
        Self {
            duration: self.duration.max(Duration::from_millis(400)),
            ..self
        }
    }

    /// For what many are measured of.
    pub fn shorter(self) -> Self {
        Self {
            duration: (self.duration / 3).max(Duration::from_millis(150)),
            ..self
        }
    }
}

/// Something that is compared.
pub struct Contender<'a> {
    name: String,
    /// The server that does the work, whose time is counted.
    server: Option<&'a Running>,
    run: Box<dyn FnMut(usize) -> Result<Outcome, String> + 'a>,
}

impl<'a> Contender<'a> {
    /// Anything that gives an outcome when it is run for the given round.
    pub fn new(
        name: impl Into<String>,
        server: Option<&'a Running>,
        run: impl FnMut(usize) -> Result<Outcome, String> + 'a,
    ) -> Self {
        Self {
            name: name.into(),
            server,
            run: Box::new(run),
        }
    }

    /// Load on some server.
    pub fn load(name: impl Into<String>, server: &'a Running, load: Load, plan: Plan) -> Self {
        Self::new(name, Some(server), move |round| {
            load.run(plan.duration, round)
        })
    }

    /// Load on Rollcall, whose log is emptied after each round.
    pub fn rollcall(name: impl Into<String>, server: &'a Server, load: Load, plan: Plan) -> Self {
        Self::new(name, Some(&server.running), move |round| {
            let outcome = load.run(plan.duration, round);
            server.empty_log();
            outcome
        })
    }
}

/// What the rounds of one contender gave.
#[derive(Debug, Clone)]
pub struct Rounds {
    /// Answers a second.
    pub per_second: Figures,
    /// The median time of an answer.
    pub p50_ms: Figures,
    /// The time that one of a hundred answers exceeds.
    pub p99_ms: Figures,
    /// How much of a core the server used, where that was counted.
    pub busy: Option<Figures>,
}

/// Runs one round of each in turn, as often as planned. The first time is for warming up.
///
/// # Errors
/// When any of them fails: nothing of such a run counts.
pub fn interleave(mut contenders: Vec<Contender>, plan: Plan) -> Result<Vec<Rounds>, String> {
    let mut outcomes: Vec<Vec<(Outcome, Option<f64>)>> = vec![Vec::new(); contenders.len()];
    for round in 0..=plan.rounds {
        for (contender, outcomes) in contenders.iter_mut().zip(&mut outcomes) {
            let before = contender.server.map(Running::computed_s).transpose()?;
            let outcome = (contender.run)(round);
            let outcome = outcome.map_err(|error| format!("{}: {error}", contender.name))?;
            let after = contender.server.map(Running::computed_s).transpose()?;
            let computed = before.zip(after).map(|(before, after)| after - before);
            if round > 0 {
                let busy = computed.map(|computed| computed / outcome.duration_s);
                outcomes.push((outcome, busy));
            }
        }
    }
    let rounds = outcomes.iter().map(|outcomes| summed_up(outcomes));
    let rounds: Vec<Rounds> = rounds.collect();
    for (contender, rounds) in contenders.iter().zip(&rounds) {
        tell(&contender.name, rounds);
    }
    Ok(rounds)
}

fn summed_up(outcomes: &[(Outcome, Option<f64>)]) -> Rounds {
    let figures = |figure: fn(&Outcome) -> f64| {
        Figures::new(
            outcomes
                .iter()
                .map(|(outcome, _)| figure(outcome))
                .collect(),
        )
    };
    let busy: Option<Vec<f64>> = outcomes.iter().map(|(_, busy)| *busy).collect();
    Rounds {
        per_second: figures(|outcome| outcome.per_second),
        p50_ms: figures(|outcome| outcome.p50_ms),
        p99_ms: figures(|outcome| outcome.p99_ms),
        busy: busy.map(Figures::new),
    }
}

/// For whoever waits for the end.
fn tell(name: &str, rounds: &Rounds) {
    let busy = rounds.busy.as_ref().map(|busy| 100.0 * busy.median());
    let busy = busy.map_or_else(String::new, |busy| format!(", server busy {busy:.0} %"));
    println!(
        "  {name}: {:.0}/s, p50 {:.3} ms, p99 {:.3} ms{busy}",
        rounds.per_second.median(),
        rounds.p50_ms.median(),
        rounds.p99_ms.median(),
    );
}
