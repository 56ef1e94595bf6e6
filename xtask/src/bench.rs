//! `cargo xtask bench`: the released binary beside what it is held against.

use std::{env, path::Path, process::ExitCode};

use crate::{
    place::{Place, Step, run_step},
    programs,
};

const OHA_VERSION: &str = "1.16.0";

/// Brings the programs that it needs, builds the server and the benchmark, and runs it with the
/// arguments that were given. Exit code 0 when everything was measured, whatever came of it, and 1
/// when it was not.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    match run_in(&Place::found(), arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask bench: FAILED: {problem}");
            ExitCode::from(1)
        }
    }
}

fn run_in(place: &Place, arguments: &[String]) -> Result<(), String> {
    programs::install_for_bench()?;
    // Only one section needs it, and says so when it is not there.
    let oha = place.tool("oha", OHA_VERSION).unwrap_or_else(|problem| {
        println!("    oha cannot be built, so latencies are left out: {problem}");
        place.target.join("tools/bin/oha")
    });
    steps(place, &oha, arguments)
        .into_iter()
        .try_for_each(run_step)
}

fn steps(place: &Place, oha: &Path, arguments: &[String]) -> Vec<Step> {
    let built = |name: &str| place.target.join("release").join(name);
    let mut bench = place.command(&built("rollcall-bench").into());
    bench.arg("--server").arg(built("rollcall"));
    bench.arg("--oha").arg(oha);
    bench
        .arg("--output")
        .arg(place.root.join("docs/benchmarks.md"));
    bench.args(arguments);
    // Where Debian keeps nginx and slapd, which not everybody has in the path.
    let path = env::var("PATH").unwrap_or_default();
    bench.env("PATH", path + ":/usr/sbin:/sbin");
    vec![
        Step {
            name: "release build",
            command: place.cargo(["build", "--release", "--locked"]),
        },
        Step {
            name: "the benchmark's build",
            command: place.cargo([
                "build",
                "--release",
                "--locked",
                "--package",
                "rollcall-bench",
            ]),
        },
        Step {
            name: "benchmark",
            command: bench,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::shown;

    #[test]
    fn the_benchmark_is_told_of_what_was_built() {
        let place = Place {
            root: "/checkout".into(),
            target: "/built".into(),
            cargo: "cargo".into(),
        };
        let arguments = ["--quick".to_owned(), "get".to_owned()];
        let steps = steps(&place, Path::new("/tools/oha"), &arguments);
        let typed: Vec<String> = steps.iter().map(|step| shown(&step.command)).collect();
        let expected = [
            "cargo build --release --locked",
            "cargo build --release --locked --package rollcall-bench",
            "rollcall-bench --server /built/release/rollcall --oha /tools/oha \
             --output /checkout/docs/benchmarks.md --quick get",
        ];
        assert_eq!(typed, expected);
    }
}
