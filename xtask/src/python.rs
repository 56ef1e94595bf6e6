//! Programs of PyPI, in an environment of their own below the target directory.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::place::{Place, Step, run_step};

/// What is installed: every package with its version and what its files must hash to. Made from
/// `requirements.in`, which says what is wanted.
const PINS: &str = "xtask/python/requirements.txt";

/// The Python of an environment that has the pinned packages and no others. It is made when there
/// is none, and anew when the pins have changed.
pub(crate) fn environment(place: &Place) -> Result<PathBuf, String> {
    let folder = place.target.join("tools/python");
    let python = folder.join("bin/python");
    let (pins, installed) = (place.root.join(PINS), folder.join("installed.txt"));
    let wanted = fs::read_to_string(&pins)
        .map_err(|error| format!("{} cannot be read: {error}", pins.display()))?;
    if fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    for step in steps(place, &folder, &python) {
        run_step(step)?;
    }
    // Last: what was left half done is begun again.
    fs::write(&installed, wanted)
        .map_err(|error| format!("{} cannot be written: {error}", installed.display()))?;
    Ok(python)
}

fn steps(place: &Place, folder: &Path, python: &Path) -> [Step; 2] {
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(folder);
    let mut install = place.command(&python.into());
    install.args("-m pip install --quiet --disable-pip-version-check".split(' '));
    // Nothing of a package runs while it is installed, and no file is another than was looked at.
    install.args("--only-binary :all: --require-hashes --requirement".split(' '));
    install.arg(PINS);
    [
        Step {
            name: "an environment for Python",
            command: make,
        },
        Step {
            name: "packages of Python",
            command: install,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::shown;

    #[test]
    fn packages_are_installed_as_they_were_looked_at_and_nowhere_else() {
        let place = Place {
            root: "/checkout".into(),
            target: "/built".into(),
            cargo: "cargo".into(),
        };
        let python = Path::new("/built/tools/python/bin/python");
        let steps = steps(&place, Path::new("/built/tools/python"), python);
        let typed = steps.map(|step| shown(&step.command));
        let expected = [
            "python3 -m venv --clear /built/tools/python",
            "python -m pip install --quiet --disable-pip-version-check --only-binary :all: \
             --require-hashes --requirement xtask/python/requirements.txt",
        ];
        assert_eq!(typed, expected);
    }
}
