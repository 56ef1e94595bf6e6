//! `cargo xtask conformance`: what others' programs say of the built server's APIs.

use std::{path::Path, process::ExitCode};

use crate::{
    place::{Place, Step, run_step},
    programs, python,
};

/// Builds the server and holds it against every program. Exit code 0 when they have nothing to say,
/// 1 when they do.
pub(crate) fn run() -> ExitCode {
    match run_in(&Place::found()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask conformance: FAILED: {problem}");
            ExitCode::from(1)
        }
    }
}

fn run_in(place: &Place) -> Result<(), String> {
    programs::install_for_conformance()?;
    let python = python::environment(place)?;
    run_step(Step {
        name: "debug build",
        command: place.cargo(["build", "--locked"]),
    })?;
    run_step(step(place, &python))
}

/// What is done with a Python that has the programs, when the server was built.
pub(crate) fn step(place: &Place, python: &Path) -> Step {
    let mut command = place.command(&python.into());
    command
        .arg("xtask/python/conformance.py")
        .arg(place.target.join("debug/rollcall"))
        // The checkout stays as it is.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Step {
        name: "conformance",
        command,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::shown;

    #[test]
    fn the_programs_are_told_of_what_was_built() {
        let place = Place {
            root: "/checkout".into(),
            target: "/built".into(),
            cargo: "cargo".into(),
        };
        let step = step(&place, Path::new("/built/tools/python/bin/python"));
        assert_eq!(
            shown(&step.command),
            "python xtask/python/conformance.py /built/debug/rollcall"
        );
    }
}
