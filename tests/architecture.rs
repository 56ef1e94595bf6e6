//! The architecture as tests: one for each invariant, over the text of `src/`. A failure names the
//! file, the line and the rule. The rules are plain functions of one file, and the module `samples`
//! at the end shows each of them a file that breaks it.

#[path = "architecture/source.rs"]
mod source;

use std::{fs, path::Path};

use source::{Kind, Source, Token, after_group};

/// Each folder (or file) directly under `src/`, and what it may name of the others. `http` asks
/// `operations` and no one below it. What is not in this table has no place yet: give it one.
const MAY_NAME: &[(&str, &[&str])] = &[
    (
        "cli",
        &["http", "operations", "directory", "store", "model"],
    ),
    ("http", &["operations", "model"]),
    ("operations", &["directory", "store", "model"]),
    ("directory", &["store", "model"]),
    ("store", &["model"]),
    ("model", &[]),
];

const BELOW_HTTP: [&str; 4] = ["operations", "directory", "store", "model"];

/// The drivers' names, and the files, or folders, that may say them.
const DRIVERS: [(&[&str], &[&str]); 2] = [
    (
        &["rusqlite", "libsqlite3_sys"],
        &[
            "src/store/sqlite.rs",
            "src/store/tx.rs",
            "src/store/backup.rs",
        ],
    ),
    (
        &["tokio_postgres", "deadpool_postgres"],
        &["src/store/postgres/", "src/store/tx.rs"],
    ),
];

/// The file that may name the Redis driver.
const REDIS_FILE: &str = "src/operations/limits/redis.rs";

/// The files of `src/store/` whose rows belong to a client.
const CLIENT_FILES: [&str; 8] = [
    "users",
    "departments",
    "activity",
    "changes",
    "idempotency",
    "scim_log",
    "uploads",
    "imports",
];

/// Store functions that serve all clients at once: file, function, and why it must be so.
const ACROSS_CLIENTS: &[(&str, &str, &str)] = &[
    (
        "src/store/activity.rs",
        "unfolded_clients",
        "says only which clients have entries to fold",
    ),
    (
        "src/store/activity.rs",
        "logging_clients",
        "says only which clients may have entries to take out",
    ),
    (
        "src/store/idempotency.rs",
        "find",
        "a request that creates a client is about none yet",
    ),
    (
        "src/store/idempotency.rs",
        "remember",
        "a request that creates a client is about none yet",
    ),
    (
        "src/store/idempotency.rs",
        "purge",
        "what is over is over for every client",
    ),
    (
        "src/store/uploads.rs",
        "forgettable",
        "says only which uploads are over",
    ),
    (
        "src/store/users.rs",
        "count_live_everywhere",
        "says only how many people a token of all clients could reach",
    ),
];

const LINES_MAX: usize = 500;

/// Files that may be longer than `LINES_MAX`, and why.
const LONGER: &[(&str, &str)] = &[];

/// What a rule finds wrong in a file: the line, and the sentence that says it.
type Findings = Vec<(usize, String)>;

#[test]
fn the_source_tree_is_found() {
    let paths: Vec<String> = product_sources()
        .into_iter()
        .map(|source| source.path)
        .collect();
    assert!(
        paths.contains(&"src/lib.rs".to_owned()),
        "no src/lib.rs among {paths:?}"
    );
}

#[test]
fn each_folder_names_only_what_is_below_it() {
    check(arrow);
}

#[test]
fn no_sql_outside_store() {
    check(sql_outside_store);
}

#[test]
fn no_function_below_http_knows_a_status_code() {
    check(http_below_http);
}

#[test]
fn the_model_is_pure() {
    check(impure_model);
}

#[test]
fn each_driver_is_named_only_in_its_own_files() {
    check(drivers);
}

#[test]
fn the_redis_driver_is_named_in_one_file() {
    check(redis_driver);
}

#[test]
fn no_access_is_made_up_in_http() {
    check(access_made_up);
}

#[test]
fn a_store_function_takes_the_client_right_after_the_transaction() {
    check(client_first);
}

#[test]
fn no_file_is_over_500_lines() {
    check(too_long);
}

#[test]
fn every_exception_is_still_needed() {
    let sources = product_sources();
    let source = |path: &str| sources.iter().find(|source| source.path == path);
    for (path, reason) in LONGER {
        let long = source(path).is_some_and(|source| source.lines > LINES_MAX);
        assert!(
            long,
            "{path} is not over {LINES_MAX} lines any more: take it off LONGER"
        );
        assert!(!reason.is_empty(), "{path} is on LONGER without a reason");
    }
    for (path, name, reason) in ACROSS_CLIENTS {
        let there = source(path).is_some_and(|source| {
            source
                .tokens
                .windows(2)
                .any(|pair| pair[0].is("fn") && pair[1].is(name))
        });
        assert!(
            there,
            "{path} has no function {name} any more: take it off ACROSS_CLIENTS"
        );
        assert!(
            !reason.is_empty(),
            "{name} is on ACROSS_CLIENTS without a reason"
        );
    }
}

/// The layer a file belongs to; `lib` (the map) and `main` (the start) stand outside the table.
fn layer(source: &Source) -> &str {
    let inner = source.path.trim_start_matches("src/");
    inner
        .split('/')
        .next()
        .unwrap_or(inner)
        .trim_end_matches(".rs")
}

fn arrow(source: &Source) -> Findings {
    let layer = layer(source);
    if layer == "lib" || layer == "main" {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_NAME.iter().find(|(name, _)| *name == layer) else {
        return vec![(
            1,
            format!("`{layer}` has no place in the arrow: add it to MAY_NAME"),
        )];
    };
    let mut findings = Vec::new();
    for (named, line) in names_below_the_root(source) {
        if named == "*" || named == "self" {
            findings.push((
                line,
                format!("`{layer}` takes the whole crate under one name"),
            ));
        } else if named != layer && !allowed.contains(&named.as_str()) {
            findings.push((line, format!("`{layer}` must not name `crate::{named}`")));
        }
    }
    for three in source.tokens.windows(3) {
        if three[0].is("[") && three[1].is("path") && three[2].is("=") {
            let rule = "`#[path]` would take a file out of its folder".to_owned();
            findings.push((three[1].line, rule));
        }
    }
    // `crate::store::{users, Tx}` is one finding.
    findings.dedup();
    findings
}

/// What the file names directly below the crate's root, by `crate::…` or by enough `super::`;
/// `self` stands for the root itself under another name.
fn names_below_the_root(source: &Source) -> Vec<(String, usize)> {
    let (mut found, mut inline_modules, mut depth) = (Vec::new(), Vec::new(), 0_usize);
    let tokens = &source.tokens;
    for (at, token) in tokens.iter().enumerate() {
        if token.is("{") {
            depth += 1;
            if at >= 2 && tokens[at - 2].is("mod") {
                inline_modules.push(depth);
            }
        } else if token.is("}") {
            inline_modules.pop_if(|opened| *opened == depth);
            depth = depth.saturating_sub(1);
        }
        if !(token.is("crate") || token.is("super")) || !source::starts_path(tokens, at) {
            continue;
        }
        let module_depth = source.module().len() + inline_modules.len();
        let mut paths = Vec::new();
        let end = source::expand(tokens, at, &mut Vec::new(), &mut paths);
        let renamed = tokens.get(end).is_some_and(|token| token.is("as"));
        for (path, line) in paths {
            let supers = path.iter().take_while(|part| *part == "super").count();
            let heads = if token.is("crate") { 1 } else { supers };
            if token.is("super") && supers < module_depth {
                continue;
            }
            match path.get(heads) {
                Some(name) => found.push((name.clone(), line)),
                None if renamed => found.push(("self".to_owned(), line)),
                None => {}
            }
        }
    }
    found
}

fn sql_outside_store(source: &Source) -> Findings {
    // `DELETE ` alone also starts a line of a route table, so two words are asked for.
    const STARTS: [&str; 9] = [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM ",
        "CREATE ",
        "PRAGMA ",
        "BEGIN ",
        "ALTER ",
        "DROP ",
    ];
    if layer(source) == "store" {
        return Vec::new();
    }
    let is_sql = |token: &&Token| {
        let text = token
            .text
            .replace("\\\n", " ")
            .replace("\\n", " ")
            .replace('\n', " ");
        token.kind == Kind::Text
            && STARTS
                .iter()
                .any(|start| text.trim_start().starts_with(start))
    };
    let texts = source.tokens.iter().filter(is_sql);
    texts
        .map(|token| (token.line, "SQL stands only in `src/store`".to_owned()))
        .collect()
}

fn http_below_http(source: &Source) -> Findings {
    const WORDS: [&str; 5] = [
        "StatusCode",
        "http_body_util",
        "hyper",
        "hyper_util",
        "matchit",
    ];
    if !BELOW_HTTP.contains(&layer(source)) {
        return Vec::new();
    }
    let mut findings = words(source, &WORDS, "HTTP is not known below `http`");
    for pair in source.tokens.windows(2) {
        let path = pair[0].is("http") && pair[1].is("::");
        if path || (pair[0].is("use") && pair[1].is("http")) {
            findings.push((
                pair[0].line,
                "`http`: HTTP is not known below `http`".to_owned(),
            ));
        }
    }
    findings
}

fn impure_model(source: &Source) -> Findings {
    if layer(source) != "model" {
        return Vec::new();
    }
    let rule = "`model` does no I/O and nothing asynchronous";
    let mut findings = words(source, &["async", "tokio", "rusqlite"], rule);
    for (path, line) in source.paths("std") {
        if path
            .get(1)
            .is_some_and(|part| ["fs", "net", "*"].contains(&part.as_str()))
        {
            findings.push((line, format!("`{}`: {rule}", path[..2].join("::"))));
        }
    }
    findings
}

fn drivers(source: &Source) -> Findings {
    let elsewhere =
        |(_, files): &&(&[&str], &[&str])| !files.iter().any(|file| source.path.starts_with(file));
    let findings = |(names, files): &(&[&str], &[&str])| {
        let rule = format!("the driver is named only in {}", files.join(", "));
        words(source, names, &rule)
    };
    DRIVERS
        .iter()
        .filter(elsewhere)
        .flat_map(findings)
        .collect()
}

/// Its folder has a module of the driver's name, so a path must begin with it: `self::redis` is ours.
fn redis_driver(source: &Source) -> Findings {
    if source.path == REDIS_FILE {
        return Vec::new();
    }
    let is_driver = |tokens: &[Token], at: usize| {
        let next = tokens.get(at + 1);
        let after_self = at >= 2 && tokens[at - 1].is("::") && tokens[at - 2].is("self");
        let goes_on = next.is_some_and(|next| next.is("::") || next.is("as"));
        let is_import = at >= 1 && (tokens[at - 1].is("use") || tokens[at - 1].is("crate"));
        tokens[at].is("redis")
            && source::starts_path(tokens, at)
            && !after_self
            && (goes_on || is_import)
    };
    let found = (0..source.tokens.len()).filter(|at| is_driver(&source.tokens, *at));
    found
        .map(|at| {
            let rule = format!("`redis`: the driver is named only in {REDIS_FILE}");
            (source.tokens[at].line, rule)
        })
        .collect()
}

fn access_made_up(source: &Source) -> Findings {
    if layer(source) != "http" {
        return Vec::new();
    }
    let rule = "an access comes from asking the `Caller`; the command line's own is not for `http`";
    words(source, &["of_command_line"], rule)
}

fn client_first(source: &Source) -> Findings {
    if layer(source) != "store" || !CLIENT_FILES.contains(&source.module()[1..].join("/").as_str())
    {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for function in public_functions(&source.tokens) {
        let listed = ACROSS_CLIENTS
            .iter()
            .any(|(path, name, _)| *path == source.path && *name == function.name);
        let first = function.parameters.first();
        let is_method = first.is_some_and(|first| first.iter().any(|token| token.is("self")));
        let is_right = first.is_some_and(|first| first[0].is("tx"))
            && function
                .parameters
                .get(1)
                .is_some_and(|second| is_client(second));
        if !is_right && !is_method && !listed {
            let rule = format!(
                "`pub fn {}` must take `tx` and then `client: ClientId` (or `client_id`)",
                function.name
            );
            findings.push((function.line, rule));
        }
    }
    findings
}

/// Whether a parameter is `client` or `client_id`, a `ClientId` or a reference to one.
fn is_client(parameter: &[Token]) -> bool {
    let [name, colon, type_of @ ..] = parameter else {
        return false;
    };
    let by_name = type_of
        .iter()
        .all(|token| token.kind == Kind::Word || token.is("::"));
    let by_reference = type_of.first().is_some_and(|token| token.is("&"))
        && type_of[1..]
            .iter()
            .all(|token| token.kind == Kind::Word || token.is("::"));
    (name.is("client") || name.is("client_id"))
        && colon.is(":")
        && (by_name || by_reference)
        && type_of.last().is_some_and(|token| token.is("ClientId"))
        && !type_of.iter().any(|token| token.is("mut"))
}

struct Function<'a> {
    name: &'a str,
    line: usize,
    parameters: Vec<&'a [Token]>,
}

/// Every `pub fn` and `pub(crate) fn`; `pub(super)` ones stay inside the store.
fn public_functions(tokens: &[Token]) -> Vec<Function<'_>> {
    let mut functions = Vec::new();
    for at in 0..tokens.len() {
        let is_crate = tokens[at..].get(2).is_some_and(|token| token.is("crate"));
        let mut next = match (tokens[at].is("pub"), tokens.get(at + 1)) {
            (true, Some(token)) if token.is("(") && is_crate => at + 4,
            (true, Some(_)) => at + 1,
            _ => continue,
        };
        while tokens
            .get(next)
            .is_some_and(|t| t.is("async") || t.is("const") || t.is("unsafe"))
        {
            next += 1;
        }
        let (Some(keyword), Some(name)) = (tokens.get(next), tokens.get(next + 1)) else {
            continue;
        };
        let Some(open) = opening_parenthesis(tokens, next + 2).filter(|_| keyword.is("fn")) else {
            continue;
        };
        let inner = &tokens[open + 1..after_group(tokens, open) - 1];
        functions.push(Function {
            name: &name.text,
            line: keyword.line,
            parameters: parameters(inner),
        });
    }
    functions
}

/// Where a function's parameters open; its generic parameters may hold parentheses of their own.
fn opening_parenthesis(tokens: &[Token], from: usize) -> Option<usize> {
    let mut angles = 0_usize;
    for at in from..tokens.len() {
        // The `>` of `->` closes nothing.
        let is_arrow = tokens[at].is(">") && tokens[at - 1].is("-");
        if tokens[at].is("<") {
            angles += 1;
        } else if tokens[at].is(">") && !is_arrow {
            angles = angles.saturating_sub(1);
        } else if tokens[at].is("(") && angles == 0 {
            return Some(at);
        }
    }
    None
}

/// Splits a parameter list at its outer commas.
fn parameters(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_i32;
    let is_outer_comma = |token: &Token| {
        depth += i32::from(["(", "[", "{", "<"].iter().any(|open| token.is(open)));
        depth -= i32::from([")", "]", "}", ">"].iter().any(|close| token.is(close)));
        depth == 0 && token.is(",")
    };
    tokens
        .split(is_outer_comma)
        .filter(|parameter| !parameter.is_empty())
        .collect()
}

fn too_long(source: &Source) -> Findings {
    if source.lines <= LINES_MAX || LONGER.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    vec![(
        LINES_MAX + 1,
        format!("{} lines; the most is {LINES_MAX}", source.lines),
    )]
}

fn words(source: &Source, forbidden: &[&str], rule: &str) -> Findings {
    let found = source
        .tokens
        .iter()
        .filter(|token| forbidden.iter().any(|word| token.is(word)));
    found
        .map(|token| (token.line, format!("`{}`: {rule}", token.text)))
        .collect()
}

fn check(rule: fn(&Source) -> Findings) {
    let mut broken = Vec::new();
    for source in product_sources() {
        let findings = rule(&source).into_iter();
        broken.extend(findings.map(|(line, what)| format!("{}:{line}: {what}", source.path)));
    }
    assert!(
        broken.is_empty(),
        "the architecture is broken:\n{}",
        broken.join("\n")
    );
}

/// Every file under `src/` that is part of the product.
fn product_sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut sources, mut folders) = (Vec::new(), vec![root.join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src/ and its folders can be read") {
            let path = entry.expect("a folder's entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file is readable UTF-8");
                let inner = path
                    .strip_prefix(root)
                    .expect("the file was found below the root");
                let name = inner.to_string_lossy().replace('\\', "/");
                sources.push(Source::parse(&name, &text));
            }
        }
    }
    let is_test = |one: &Source| sources.iter().any(|other| one.is_test_of(other));
    let keep: Vec<bool> = sources.iter().map(|source| !is_test(source)).collect();
    let mut kept: Vec<Source> = sources
        .into_iter()
        .zip(keep)
        .filter_map(|(source, keep)| keep.then_some(source))
        .collect();
    kept.sort_by(|one, other| one.path.cmp(&other.path));
    kept
}

#[path = "architecture/samples.rs"]
mod samples;
