//! Where the settings come from: the file, then the environment, then the command line's flags;
//! the later wins. Whatever is unknown or wrong is refused by its name, and all of it at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Spanned, Value};

use crate::cli::failure::Failure;
use crate::cli::settings::{Key, Settings};

const PREFIX: &str = "ROLLCALL_";
const CONFIG_VARIABLE: &str = "ROLLCALL_CONFIG";

/// What was given from outside, before any of it is believed.
#[derive(Debug, Default)]
pub struct Given {
    /// The file that `--config` names.
    pub config: Option<PathBuf>,
    /// What flags set, by key.
    pub flags: Vec<(Key, String)>,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Where a setting's value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file, at that line.
    File(usize),
    /// The environment.
    Environment,
    /// A flag.
    Flag,
}

impl Origin {
    /// One word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File(_) => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// The settings, where they came from, and what was wrong on the way.
#[derive(Debug)]
pub struct Loaded {
    /// The settings. What was refused is left at what it was before.
    pub settings: Settings,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What was refused, a sentence each.
    pub problems: Vec<String>,
    origins: BTreeMap<Key, Origin>,
}

impl Loaded {
    /// Where a setting's value came from.
    pub fn origin(&self, key: Key) -> Origin {
        self.origins.get(&key).copied().unwrap_or(Origin::Default)
    }

    /// The settings, if nothing was refused.
    pub fn checked(mut self) -> Result<Settings, Failure> {
        let more = self.problems.len().saturating_sub(1);
        if self.problems.is_empty() {
            return Ok(self.settings);
        }
        let mut reason = self.problems.swap_remove(0);
        if more > 0 {
            reason = format!("{reason} (and {more} more: `rollcall check-config` lists them)");
        }
        Err(Failure::because(reason))
    }

    /// Sets a key that nobody set, as if that were its default.
    pub fn set_default(&mut self, key: Key, text: &str) {
        if self.origin(key) == Origin::Default {
            self.take(key, &key.value_of_text(text), Origin::Default, &"default");
        }
    }

    fn take(&mut self, key: Key, value: &Value, origin: Origin, place: &dyn fmt::Display) {
        match self.settings.set(key, value) {
            Ok(()) => {
                self.origins.insert(key, origin);
            }
            Err(reason) => {
                let name = key.name();
                self.problems.push(format!("{place}: {name} {reason}"));
            }
        }
    }
}

/// Takes all that was given together.
pub fn load(given: Given) -> Loaded {
    let mut loaded = Loaded {
        settings: Settings::default(),
        file: None,
        problems: Vec::new(),
        origins: BTreeMap::new(),
    };
    let (ours, config) = environment(given.environment, &mut loaded.problems);
    if let Some(path) = given.config.or(config) {
        read_file(&path, &mut loaded);
        loaded.file = Some(path);
    }
    for (key, text) in ours {
        let value = key.value_of_text(&text);
        loaded.take(key, &value, Origin::Environment, &key.variable());
    }
    for (key, text) in given.flags {
        let value = key.value_of_text(&text);
        loaded.take(key, &value, Origin::Flag, &format!("--{}", key.name()));
    }
    let incomplete = loaded.settings.oidc_problem();
    loaded.problems.extend(incomplete);
    loaded
}

/// Our variables, and the file that one of them names.
fn environment(
    variables: Vec<(OsString, OsString)>,
    problems: &mut Vec<String>,
) -> (Vec<(Key, String)>, Option<PathBuf>) {
    let mut ours = Vec::new();
    let mut config = None;
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        if name == CONFIG_VARIABLE {
            config = Some(PathBuf::from(value));
            continue;
        }
        let key = Key::ALL.into_iter().find(|key| key.variable() == name);
        match (key, value.into_string()) {
            (Some(key), Ok(text)) => ours.push((key, text)),
            (Some(_), Err(_)) => problems.push(format!("{name}: the value is not UTF-8")),
            (None, _) => problems.push(format!(
                "{name}: there is no such setting; the settings are {}",
                names()
            )),
        }
    }
    // The environment has no order; what is told first should not change between two runs.
    ours.sort_by_key(|(key, _)| *key);
    problems.sort();
    (ours, config)
}

fn read_file(path: &Path, loaded: &mut Loaded) {
    let shown = path.display();
    let text = match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => return loaded.problems.push(format!("{shown}: not UTF-8 text")),
        Err(error) => return loaded.problems.push(format!("{shown}: {error}")),
    };
    let line_of = |byte: usize| text[..byte.min(text.len())].matches('\n').count() + 1;
    let table: BTreeMap<Spanned<String>, Spanned<Value>> = match toml::from_str(&text) {
        Ok(table) => table,
        Err(error) => {
            let line = line_of(error.span().map_or(0, |span| span.start));
            let reason = error.message().replace('\n', ", ");
            return loaded
                .problems
                .push(format!("{shown} line {line}: {reason}"));
        }
    };
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in entries {
        let line = line_of(name.span().start);
        let place = format!("{shown} line {line}");
        match Key::parse(name.get_ref()) {
            Some(key) => loaded.take(key, value.get_ref(), Origin::File(line), &place),
            None => loaded.problems.push(format!(
                "{place}: there is no setting {}; the settings are {}",
                name.get_ref(),
                names()
            )),
        }
    }
}

fn names() -> String {
    Key::ALL.map(Key::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::rate_limits::ResetForm;
    use crate::http::request_log::RequestLogMode;
    use crate::model::grant::Grants;
    use crate::operations::limits::RedisUrl;

    /// What comes of a file's text, variables and flags.
    fn loaded(file: &str, variables: &[(&str, &str)], flags: &[(Key, &str)]) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.toml");
        std::fs::write(&path, file).unwrap();
        let owned = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        let mut loaded = load(Given {
            config: Some(path),
            flags: flags
                .iter()
                .map(|(key, text)| (*key, (*text).to_owned()))
                .collect(),
            environment: variables.iter().map(owned).collect(),
        });
        let folder = format!("{}/", folder.path().display());
        for problem in &mut loaded.problems {
            *problem = problem.replace(&folder, "");
        }
        loaded
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_that_over_the_file() {
        let file = "listen = '127.0.0.1:1'\nlog = 'warn'\ndatabase = 'sqlite:a'\n";
        let variables = [
            ("ROLLCALL_LISTEN", "127.0.0.1:2"),
            ("ROLLCALL_LOG", "error"),
        ];
        let loaded = loaded(file, &variables, &[(Key::Listen, "127.0.0.1:3")]);
        assert_eq!(loaded.problems, [""; 0]);
        let settings = &loaded.settings;
        assert_eq!(settings.listen.port(), 3);
        assert_eq!(settings.log, "error");
        assert_eq!(settings.database, "sqlite:a");
        assert_eq!(settings.connections_max, 10_000);
        assert_eq!(loaded.origin(Key::Listen), Origin::Flag);
        assert_eq!(loaded.origin(Key::Log), Origin::Environment);
        assert_eq!(loaded.origin(Key::Database), Origin::File(3));
        assert_eq!(loaded.origin(Key::ConnectionsMax), Origin::Default);
    }

    #[test]
    fn a_provider_without_the_rest_of_its_settings_is_refused() {
        let issuer = ("ROLLCALL_OIDC_ISSUER", "https://id.example");
        let url = ("ROLLCALL_PUBLIC_URL", "https://rollcall.example");
        assert_eq!(
            loaded("", &[issuer], &[]).problems,
            ["oidc_issuer needs public_url beside it"]
        );
        assert_eq!(
            loaded("", &[issuer, url], &[]).problems,
            ["oidc_issuer needs oidc_client_id beside it"]
        );
        for address in [
            "http://id.example",
            "id.example",
            "https://id.example/?x",
            "ftp://x",
        ] {
            let given = loaded("", &[("ROLLCALL_OIDC_ISSUER", address)], &[]);
            assert_eq!(given.problems.len(), 1, "{address}");
        }
    }

    #[test]
    fn every_key_can_come_from_the_environment() {
        let texts: [&str; Key::ALL.len()] = [
            "0.0.0.0:80",
            "sqlite:x.db",
            "warn,rollcall=debug",
            "all",
            "false",
            "2",
            "epoch",
            "redis://:secret@r:1",
            "https://rollcall.example",
            "https://id.example/realm",
            "rollcall",
            "hidden",
            "groups",
            "roles",
            "Help desk = all console users:read",
            "Example",
            "3",
            "4",
            "5",
            "0",
        ];
        let variables: Vec<(String, &str)> = Key::ALL
            .into_iter()
            .zip(texts)
            .map(|(key, text)| (key.variable(), text))
            .collect();
        let variables: Vec<(&str, &str)> = variables
            .iter()
            .map(|(name, text)| (name.as_str(), *text))
            .collect();
        let loaded = loaded("", &variables, &[]);
        assert_eq!(loaded.problems, [""; 0]);
        let expected = Settings {
            listen: "0.0.0.0:80".parse().unwrap(),
            database: "sqlite:x.db".to_owned(),
            log: "warn,rollcall=debug".to_owned(),
            request_log: RequestLogMode::All,
            metrics: false,
            image_budget_mib: 2,
            rate_limit_reset: ResetForm::EpochSeconds,
            redis_url: RedisUrl::parse("redis://:secret@r:1").ok(),
            public_url: Some("https://rollcall.example".to_owned()),
            oidc_issuer: Some("https://id.example/realm".to_owned()),
            oidc_client_id: "rollcall".to_owned(),
            oidc_client_secret: "hidden".to_owned(),
            oidc_scopes: "groups".to_owned(),
            oidc_groups_claim: "roles".to_owned(),
            oidc_grants: Grants::parse("Help desk = all console users:read").unwrap(),
            oidc_name: "Example".to_owned(),
            header_timeout_s: 3,
            body_timeout_s: 4,
            connections_max: 5,
            shutdown_timeout_s: 0,
        };
        assert_eq!(loaded.settings, expected);
    }

    #[test]
    fn what_is_unknown_is_refused_by_name_and_line() {
        let file = "log = 'info'\n\n  lisen = '127.0.0.1:1'\n[server]\nlisten = 'x'\n";
        let variables = [("ROLLCALL_LISEN", "x"), ("ROLL_CALL", "y"), ("PATH", "z")];
        let problems = loaded(file, &variables, &[]).problems;
        let starts = [
            "ROLLCALL_LISEN: there is no such setting",
            "rollcall.toml line 3: there is no setting lisen;",
            "rollcall.toml line 4: there is no setting server;",
        ];
        assert_eq!(problems.len(), starts.len(), "{problems:?}");
        for (problem, start) in problems.iter().zip(starts) {
            assert!(problem.starts_with(start), "{problem}");
        }
    }

    #[test]
    fn a_wrong_type_or_value_is_refused_by_its_key() {
        for (line, reason) in [
            ("listen = 5000", "listen must be text in quotes"),
            ("listen = 'localhost'", "listen must be an address"),
            ("database = 'rollcall.db'", "database is refused: "),
            ("database = ''", "database must not be empty"),
            ("log = 'verbose'", "log must be one of off, error"),
            ("log = 'rollcall=loud'", "log must be one of off, error"),
            (
                "request_log = 'some'",
                "request_log must be \"all\" or \"errors\" or \"off\"",
            ),
            ("metrics = 'true'", "metrics must be true or false"),
            (
                "image_budget_mib = 0",
                "image_budget_mib must be a whole number from 1",
            ),
            (
                "image_budget_mib = 1.5",
                "image_budget_mib must be a whole number",
            ),
            (
                "rate_limit_reset = true",
                "rate_limit_reset must be \"seconds\"",
            ),
            ("redis_url = 6379", "redis_url must be text in quotes"),
            ("redis_url = 'redis'", "redis_url must be redis://HOST:PORT"),
            (
                "header_timeout_s = '10'",
                "header_timeout_s must be a whole number",
            ),
            (
                "body_timeout_s = -1",
                "body_timeout_s must be a whole number",
            ),
            (
                "connections_max = []",
                "connections_max must be a whole number",
            ),
            (
                "shutdown_timeout_s = 3601",
                "shutdown_timeout_s must be a whole number from 0",
            ),
            ("log = 'info'\nlog = 'warn'", ""),
            ("log = ", ""),
        ] {
            let problems = loaded(line, &[], &[]).problems;
            assert_eq!(problems.len(), 1, "{line}: {problems:?}");
            let place = format!("rollcall.toml line {}: ", line.lines().count());
            assert!(problems[0].starts_with(&(place + reason)), "{problems:?}");
        }
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error_and_no_file_is_fine() {
        assert_eq!(load(Given::default()).checked(), Ok(Settings::default()));
        let missing = Given {
            config: Some("no/such/rollcall.toml".into()),
            ..Given::default()
        };
        let problems = load(missing).problems;
        assert!(
            problems[0].starts_with("no/such/rollcall.toml: "),
            "{problems:?}"
        );
    }

    #[test]
    fn the_sample_says_every_default() {
        let sample = include_str!("../../rollcall.example.toml");
        let loaded = loaded(sample, &[], &[]);
        assert_eq!(loaded.problems, [""; 0]);
        assert_eq!(loaded.settings, Settings::default());
        for key in Key::ALL {
            assert!(loaded.origin(key) != Origin::Default, "{}", key.name());
        }
    }
}
