//! The settings, wherever they come from, and `rollcall check-config`.

use crate::shell::Shell;

#[test]
fn global_options_stand_anywhere() {
    let shell = Shell::new();
    shell.text("--database sqlite:a.db client create --name A");
    shell.text("client --database sqlite:a.db create --name B");
    shell.text("client create --name C --database sqlite:a.db");
    shell.write("a.toml", "database = 'sqlite:a.db'\n");
    for line in [
        "--json --config a.toml client list",
        "client --config a.toml --json list",
        "client list --json --config a.toml",
    ] {
        assert_eq!(shell.text(line).lines().count(), 3, "{line}");
    }
    assert!(!shell.path("rollcall.db").exists());
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let mut shell = Shell::new();
    shell.write("a.toml", "database = 'sqlite:file.db'\n");
    shell.environment = vec![("ROLLCALL_CONFIG", "a.toml".to_owned())];
    shell.text("client list");
    assert!(shell.path("file.db").exists());
    let database = ("ROLLCALL_DATABASE", "sqlite:environment.db".to_owned());
    shell.environment.push(database);
    shell.text("client list");
    assert!(shell.path("environment.db").exists());
    shell.text("client list --database sqlite:flag.db");
    assert!(shell.path("flag.db").exists());
    assert!(!shell.path("rollcall.db").exists());
}

#[test]
fn a_wrong_setting_stops_every_command_before_it_does_anything() {
    let mut shell = Shell::new();
    shell.environment = vec![("ROLLCALL_DATABSE", "sqlite:a.db".to_owned())];
    for line in ["client list", "backup b.db", "serve", "restore b.db"] {
        let error = shell.error(line);
        assert!(error.contains("ROLLCALL_DATABSE"), "{line}: {error}");
    }
    assert!(!shell.path("rollcall.db").exists());
    shell.environment.clear();
    let error = shell.error("client list --config missing.toml");
    assert!(error.starts_with("error: missing.toml: "), "{error}");
    let error = shell.error("client list --database postgres://anna:s3cret@localhost/");
    assert!(error.contains("the database's name is missing"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
    let error = shell.error("serve --listen 5000");
    assert!(
        error.starts_with("error: --listen: listen must be an address"),
        "{error}"
    );
}

#[test]
fn check_config_prints_what_is_in_force_and_where_it_came_from() {
    let mut shell = Shell::new();
    shell.write("a.toml", "metrics = false\nlog = \"warn\"\n");
    shell.environment = vec![("ROLLCALL_LOG", "error".to_owned())];
    let printed = shell.text("check-config --config a.toml --database sqlite:b.db");
    for line in [
        "# File: a.toml",
        "# Database: there is none yet, opening makes it.",
        "listen = \"127.0.0.1:5000\" # default",
        "database = \"sqlite:b.db\" # --database",
        "log = \"error\" # ROLLCALL_LOG",
        "metrics = false # file, line 1",
    ] {
        assert!(
            printed.lines().any(|found| found == line),
            "{line}\n{printed}"
        );
    }
    assert!(!shell.path("b.db").exists());
    // What it prints is a file of settings.
    shell.environment.clear();
    shell.write("printed.toml", &printed);
    let object = shell.json("check-config --config printed.toml");
    assert_eq!(object["settings"]["log"], "error");
    assert_eq!(object["settings"]["metrics"], false);
    assert_eq!(object["settings"]["image_budget_mib"], 1024);
    assert_eq!(object["origins"]["log"], "file");
    assert_eq!(object["database"], "absent");
    shell.text("client list --config printed.toml");
    let object = shell.json("check-config --config printed.toml");
    assert_eq!(object["database"], "current");
    let folder = std::fs::read_dir(shell.folder.path()).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let beside = names.filter(|name| name.starts_with("b.db-")).count();
    assert_eq!(beside, 0, "looking leaves nothing behind");
}

#[test]
fn check_config_lists_all_that_is_wrong() {
    let mut shell = Shell::new();
    shell.write(
        "a.toml",
        "lisen = 'x'\nmetrics = 1\ndatabase = 'sqlite:text.db'\n",
    );
    shell.write(
        "text.db",
        "certainly no database, however long one looks at it",
    );
    shell.environment = vec![("ROLLCALL_REQUEST_LOG", "some".to_owned())];
    let error = shell.error("check-config --config a.toml");
    let starts = [
        "error: a.toml line 1: there is no setting lisen",
        "error: a.toml line 2: metrics must be true or false",
        "error: ROLLCALL_REQUEST_LOG: request_log must be",
        "error: database: text.db: ",
    ];
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), starts.len(), "{error}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    let one_sentence = shell.error("client list --config a.toml");
    assert_eq!(one_sentence.lines().count(), 1);
    assert!(one_sentence.contains("2 more"), "{one_sentence}");
}

#[test]
fn a_database_of_another_program_is_refused() {
    let shell = Shell::new();
    shell.write(
        "text.db",
        "certainly no database, however long one looks at it",
    );
    let error = shell.error("client list --database sqlite:text.db");
    assert!(error.contains("not a database"), "{error}");
    let error = shell.error("client list --database sqlite:no/such/folder/a.db");
    assert!(
        error.starts_with("error: cannot open no/such/folder/a.db"),
        "{error}"
    );
}
