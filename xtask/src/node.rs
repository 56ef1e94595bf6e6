//! The OpenID provider that the console's tests sign in with: a program of npm's, in a folder of its own
//! below the target directory.

use std::{fs, process::Command};

use crate::place::{Place, Step, run_step};

/// What is installed: every package with its version and what its files must hash to, and the program
/// that uses them.
const FOLDER: &str = "tests/console/provider";
const FILES: [&str; 3] = ["package.json", "package-lock.json", "provider.mjs"];

/// Puts the provider below the target directory, anew when something of it has changed.
pub(crate) fn provider(place: &Place) -> Result<(), String> {
    let folder = place.target.join("tools/oidc-provider");
    let installed = folder.join("installed.txt");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut wanted = String::new();
    fs::create_dir_all(&folder).map_err(failed)?;
    for name in FILES {
        let path = place.root.join(FOLDER).join(name);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        fs::write(folder.join(name), &text).map_err(failed)?;
        wanted.push_str(&text);
    }
    if fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let mut install = Command::new("npm");
    // Nothing of a package runs while it is installed.
    install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    install.current_dir(&folder);
    run_step(Step {
        name: "packages of npm",
        command: install,
    })?;
    // Last: what was left half done is begun again.
    fs::write(&installed, wanted).map_err(failed)
}
