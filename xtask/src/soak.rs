//! `cargo xtask soak`: the released binary under load for as long as one likes.

use std::process::ExitCode;

use crate::place::{Place, Step, run_step};

/// Builds the binary and runs the soak on it, with the arguments that were given. The soak starts
/// what it needs itself. Exit code 0 when it held, 1 when it did not.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    match steps(&Place::found(), arguments)
        .into_iter()
        .try_for_each(run_step)
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask soak: FAILED: {problem}");
            ExitCode::from(1)
        }
    }
}

fn steps(place: &Place, arguments: &[String]) -> Vec<Step> {
    let mut soak = place.cargo(["test", "--release", "--locked", "--test", "soak", "--"]);
    soak.args(arguments);
    vec![
        Step {
            name: "release build",
            command: place.cargo(["build", "--release", "--locked"]),
        },
        Step {
            name: "soak",
            command: soak,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::shown;

    #[test]
    fn the_soak_gets_its_arguments_after_the_binary_is_built() {
        let place = Place {
            root: "/checkout".into(),
            target: "/built".into(),
            cargo: "cargo".into(),
        };
        let arguments = ["--minutes".to_owned(), "5".to_owned()];
        let steps = steps(&place, &arguments);
        let typed: Vec<String> = steps.iter().map(|step| shown(&step.command)).collect();
        let expected = [
            "cargo build --release --locked",
            "cargo test --release --locked --test soak -- --minutes 5",
        ];
        assert_eq!(typed, expected);
    }
}
