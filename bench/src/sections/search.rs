//! `q` and sorting: the first page, one connection at a time, and against slapd's substring search.

use crate::{
    bench::Bench,
    dataset::Dataset,
    http::Request,
    ldap::{BASE, INDEXES, message::Query},
    people,
    process::SERVER,
    report::{Row, Section, Target, Unit},
    rollcall::Server,
    rounds::{Contender, interleave},
    spelling::never_asked_before,
};

/// Different words of each length.
const WORDS: usize = 500;

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let main = bench.main()?;
    let server = bench.serve(main, SERVER)?;
    let mut section = Section::default();
    alone(bench, main, &server, &mut section)?;
    against_slapd(bench, main, &server, &mut section)?;
    Ok(section)
}

/// One question at a time: words of each length, by each order.
fn alone(
    bench: &Bench,
    main: &Dataset,
    server: &Server,
    section: &mut Section,
) -> Result<(), String> {
    let mut kinds: Vec<(String, Vec<Request>)> = Vec::new();
    for length in [0, 1, 2, 3, 8] {
        for (sort, order) in orders(bench.quick, length) {
            let by = format!("page_size=10&sort_by={sort}&sort_order={order}");
            let what = match length {
                0 => format!("no `q`, by {sort} {order}"),
                _ => format!("`q` of {length}, by {sort} {order}"),
            };
            let requests = match length {
                0 => vec![main.get(&format!("/users?{by}"))],
                _ => {
                    let words = people::words(&main.people, length, WORDS);
                    let queries = words
                        .iter()
                        .map(|word| main.get(&format!("/users?q={word}&{by}")));
                    queries.collect()
                }
            };
            if (length, sort) == (3, "username") && order == "asc" {
                kinds.push((format!("{what}, asked again"), requests.clone()));
            }
            kinds.push((what, never_asked_before(&requests)));
        }
    }
    let plan = bench.plan.shorter();
    let mut contenders = Vec::new();
    for (what, requests) in &kinds {
        let load = bench
            .load(&server.address, requests, SERVER)?
            .connections(1);
        contenders.push(Contender::rollcall(what.clone(), server, load, plan));
    }
    let promised = if main.people.len() >= 1_000_000 {
        6.0
    } else {
        1.0
    };
    let rounds = interleave(contenders, plan)?;
    for ((what, _), rounds) in kinds.iter().zip(&rounds) {
        let what = format!("{what}, p50 (p99 {:.2} ms)", rounds.p99_ms.median());
        let figures = rounds.p50_ms.clone();
        section
            .rows
            .push(Row::at_most(what, Unit::Milliseconds, figures, promised));
    }
    section.remark(
        "The first 10 with `total_count`, one connection, another word each time. A page that was \
         shown is kept until somebody writes; every question here is spelled in another way (`%61`), \
         so that none of them was asked before, except in the row that says so.",
    );
    Ok(())
}

/// The orders that are measured: all six for one length, else the three keys; few when it is to be
/// over soon.
fn orders(quick: bool, length: usize) -> Vec<(&'static str, &'static str)> {
    let keys = [
        ("username", "asc"),
        ("last_activity", "desc"),
        ("created_at", "asc"),
    ];
    let others = [
        ("username", "desc"),
        ("last_activity", "asc"),
        ("created_at", "desc"),
    ];
    match length {
        1..=8 if quick => keys[..1].to_vec(),
        3 if !quick => [keys, others].concat(),
        _ => keys.to_vec(),
    }
}

/// The first 100 of a common word, and whoever has a rare one.
fn against_slapd(
    bench: &Bench,
    main: &Dataset,
    server: &Server,
    section: &mut Section,
) -> Result<(), String> {
    let Some(slapd) = bench.slapd(SERVER)? else {
        section.remark("slapd: not installed");
        return Ok(());
    };
    let names = people::family_names(&main.people);
    let common = &names[..20];
    let rare = &names[names.len() - 4..];
    let mut contenders = Vec::new();
    for (name, words, connections) in [("common", common, 64), ("rare", rare, 1)] {
        let requests = words
            .iter()
            .map(|word| main.get(&format!("/users?q={word}&sort_by=username&sort_order=asc")));
        let requests = never_asked_before(&requests.collect::<Vec<_>>());
        let load = bench.load(&server.address, &requests, SERVER)?;
        let load = load.connections(connections);
        contenders.push(Contender::rollcall(name, server, load, bench.plan));
        for attribute in ["uid", "cn"] {
            let queries = words.iter().map(|word| {
                Query::Containing(BASE.to_owned(), attribute.to_owned(), word.clone(), 100)
            });
            let (queries, name) = (
                queries.collect::<Vec<_>>(),
                format!("slapd, {name}, {attribute}"),
            );
            contenders.push(bench.slapds(&name, &slapd, &queries, connections)?);
        }
    }
    let rounds = interleave(contenders, bench.plan)?;
    let common = "common word, first 100, 64 connections";
    let faster = Target::AtLeast(1.0);
    for (name, theirs) in [
        ("slapd, not indexed", &rounds[1]),
        ("slapd, indexed", &rounds[2]),
    ] {
        section
            .rows
            .push(Row::rates(common, &rounds[0], (name, theirs), faster));
    }
    for (name, theirs, target) in [
        ("slapd, not indexed", &rounds[4], Target::AtMost(1.0)),
        ("slapd, indexed", &rounds[5], Target::None),
    ] {
        let ours = (Unit::Milliseconds, &rounds[3].p50_ms);
        let what = "rare word, p50 of one connection";
        section
            .rows
            .push(Row::against(what, ours, (name, &theirs.p50_ms), target));
    }
    section.remark(format!(
        "{INDEXES}. *Not indexed* is a substring of `uid`, *indexed* one of `cn`; ours is a \
         substring of username or user key, in which nothing is indexed either. Only ours says how \
         many there are in all."
    ));
    Ok(())
}
