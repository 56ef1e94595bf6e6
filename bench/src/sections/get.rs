//! Who is this user: random ids over everybody, 64 connections.

use crate::{
    bench::Bench,
    http::{Connection, Request},
    ldap::{BASE, message::Query},
    nginx::{self, Nginx},
    people,
    process::{self, Cores},
    random::Random,
    report::{Row, Section, Target},
    rounds::{Contender, Rounds, interleave},
};

/// The ids whose tags are collected, in a run that is to be over soon.
const TAGS_QUICK: usize = 20_000;

/// Measures it pinned, and once more unpinned.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let mut section = Section::default();
    measure_on(bench, process::SERVER, &mut section)?;
    if bench.quick {
        section.remark("Unpinned: left out of a quick run.");
    } else {
        measure_on(bench, Cores::Any, &mut section)?;
    }
    section.remark(
        "*Pinned*: the server on core 0, the load on core 1, a bare hyper with a runtime of the \
         current thread, nginx with one worker. *Unpinned*: everything on all cores, wrk with two \
         threads, hyper with a runtime of several threads, nginx with a worker a core; then the \
         load takes its part of the same cores.",
    );
    section.remark(
        "Each of our requests asks for another user; nginx answers all of them with one small file \
         from its cache, and the bare hyper with the bytes and headers of one of our answers.",
    );
    Ok(section)
}

fn measure_on(bench: &Bench, cores: Cores, section: &mut Section) -> Result<(), String> {
    let main = bench.main()?;
    let server = bench.serve(main, cores)?;
    let mut connection = server.connect()?;
    let gets = main.gets(&server)?;
    let gateway_gets = main.gateway_gets();
    let conditional = with_tags(bench, &mut connection, &gets)?;
    let get = connection.ask(&gets[0], 200)?;
    let bare = bench.bare(&get, cores)?;
    let bare_gateway = bench.bare(&connection.ask(&gateway_gets[0], 200)?, cores)?;
    let bare_unchanged = bench.bare(&connection.ask(&conditional[0], 304)?, cores)?;
    let nginx = match nginx::version() {
        Some(_) => Some(Nginx::start(&bench.new_path("nginx"), &get.body, cores)?),
        None => None,
    };
    let is_pinned = cores != Cores::Any;
    let slapd = if is_pinned { bench.slapd(cores)? } else { None };
    let mut contenders = vec![
        bench.bares("bare hyper", &bare, &gets, cores)?,
        bench.ours("get", &server, &gets, cores)?,
        bench.bares("bare hyper, gateway's", &bare_gateway, &gateway_gets, cores)?,
        bench.ours("gateway", &server, &gateway_gets, cores)?,
        bench.bares("bare hyper, 304", &bare_unchanged, &conditional, cores)?,
        bench.ours("304", &server, &conditional, cores)?,
    ];
    if let Some(nginx) = &nginx {
        let requests = gets.iter().map(|get| get.clone().under(nginx::PREFIX));
        let load = bench.load(&nginx.address, &requests.collect::<Vec<_>>(), cores)?;
        let duration = bench.plan.duration;
        contenders.push(Contender::new("nginx", None, move |round| {
            load.run(duration, round)
        }));
    }
    if let Some(slapd) = &slapd {
        let by_name = queries(bench, |name| Query::Entry(people::distinguished_name(name)));
        contenders.push(bench.slapds("slapd, by DN", slapd, &by_name, 64)?);
        let by_uid = queries(bench, |name| {
            Query::Equal(BASE.to_owned(), "uid".to_owned(), name.to_owned())
        });
        contenders.push(bench.slapds("slapd, by uid", slapd, &by_uid, 64)?);
    }
    let rounds = interleave(contenders, bench.plan)?;
    let nginx = nginx.map(|_| &rounds[6]);
    let slapd = slapd.map(|_| &rounds[rounds.len() - 2..]);
    add_rows(bench, is_pinned, &rounds, nginx, slapd, section);
    Ok(())
}

fn add_rows(
    bench: &Bench,
    is_pinned: bool,
    rounds: &[Rounds],
    nginx: Option<&Rounds>,
    slapd: Option<&[Rounds]>,
    section: &mut Section,
) {
    let pinning = if is_pinned { "pinned" } else { "unpinned" };
    let mut row = |what: &str, ours: &Rounds, name: &str, theirs: &Rounds, share: f64| {
        // What was promised, was promised for a core to each.
        let target = if is_pinned {
            Target::AtLeast(share)
        } else {
            Target::None
        };
        let what = format!("{what}, {pinning}");
        section
            .rows
            .push(Row::rates(what, ours, (name, theirs), target));
    };
    let share = if bench.users >= 1_000_000 { 0.6 } else { 0.67 };
    row("get by id", &rounds[1], "bare hyper", &rounds[0], share);
    row(
        "get by id, gateway",
        &rounds[3],
        "bare hyper",
        &rounds[2],
        0.6,
    );
    row("get by id, 304", &rounds[5], "bare hyper", &rounds[4], 0.7);
    if let Some(nginx) = nginx {
        row("get by id", &rounds[1], "nginx, a file", nginx, 1.0);
    }
    if let Some(slapd) = slapd {
        row("get by id", &rounds[1], "slapd, by DN", &slapd[0], 5.0);
        row(
            "get by id",
            &rounds[1],
            "slapd, by `uid` (indexed)",
            &slapd[1],
            5.0,
        );
    }
    if nginx.is_none() {
        section.remark("nginx: not installed");
    }
    if is_pinned && slapd.is_none() {
        section.remark("slapd: not installed");
    }
    let busy = |rounds: &Rounds| {
        rounds
            .busy
            .as_ref()
            .map_or(0.0, |busy| 100.0 * busy.median())
    };
    section.remark(format!(
        "Get by id, {pinning}: our server used {:.0} % of a core and the bare hyper {:.0} %; ours \
         answered within {:.2} ms (p50) and {:.2} ms (p99) under full load.",
        busy(&rounds[1]),
        busy(&rounds[0]),
        rounds[1].p50_ms.median(),
        rounds[1].p99_ms.median()
    ));
}

/// The same questions by whoever has the answers already.
fn with_tags(
    bench: &Bench,
    connection: &mut Connection,
    gets: &[Request],
) -> Result<Vec<Request>, String> {
    let count = if bench.quick {
        TAGS_QUICK.min(gets.len())
    } else {
        gets.len()
    };
    let gets = &gets[..count];
    let mut tags = Vec::with_capacity(count);
    connection.ask_all(gets, 200, |answer| {
        let tag = answer.header("etag").ok_or("a user without an ETag")?;
        tags.push(tag.to_owned());
        Ok(())
    })?;
    let pairs = gets.iter().zip(&tags);
    Ok(pairs.map(|(get, tag)| get.clone().unless(tag)).collect())
}

/// A question for everybody by username, in random order.
fn queries(bench: &Bench, query: impl Fn(&str) -> Query) -> Vec<Query> {
    let people = bench.people();
    let mut queries: Vec<Query> = people
        .iter()
        .map(|person| query(&person.username))
        .collect();
    Random::new(14).shuffle(&mut queries);
    queries
}
