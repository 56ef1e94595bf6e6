//! Who is this user: random ids over everybody, 64 connections.

use crate::{
    bench::Bench,
    http::Request,
    ldap::{LdapLoad, message::Query},
    nginx::{self, Nginx},
    people,
    process::{self, Cores},
    random::Random,
    report::{Row, Section, Target, Unit},
    rounds::{Contender, Rounds, interleave},
};

/// The ids whose tags are collected, in a run that is to be over soon.
const TAGS_QUICK: usize = 20_000;

/// Measures it pinned, and once more unpinned.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let mut section = Section::default();
    measure_on(bench, process::SERVER, &mut section)?;
    measure_on(bench, Cores::Any, &mut section)?;
    section.remarks.push(
        "*Pinned*: the server on core 0, the load on core 1, a bare hyper with a runtime of the \
         current thread, nginx with one worker. *Unpinned*: everything on all cores, wrk with two \
         threads, hyper with a runtime of several threads, nginx with a worker a core; then the \
         load takes its part of the same cores."
            .to_owned(),
    );
    section.remarks.push(
        "Each of our requests asks for another user; nginx answers all of them with one small file \
         from its cache, and the bare hyper with the bytes and headers of one of our answers."
            .to_owned(),
    );
    Ok(section)
}

fn measure_on(bench: &Bench, cores: Cores, section: &mut Section) -> Result<(), String> {
    let main = bench.main()?;
    let is_pinned = cores != Cores::Any;
    let pinning = if is_pinned { "pinned" } else { "unpinned" };
    let server = bench.rollcall.serve(&main.database, &main.directory, cores)?;
    let mut connection = server.connect()?;
    let gets = main.gets(&server)?;
    let gateway_gets = main.gateway_gets();
    let conditional = with_tags(bench, &mut connection, &gets)?;
    let get = connection.ask(&gets[0], 200)?;
    let gateway_get = connection.ask(&gateway_gets[0], 200)?;
    let unchanged = connection.ask(&conditional[0], 304)?;
    let bare = bench.bare(&get, cores)?;
    let bare_gateway = bench.bare(&gateway_get, cores)?;
    let bare_unchanged = bench.bare(&unchanged, cores)?;
    let nginx = match nginx::version() {
        Some(_) => Some(Nginx::start(&bench.new_path("nginx"), &get.body, cores)?),
        None => None,
    };
    let slapd = if is_pinned { bench.slapd()? } else { None };
    let slapd = slapd.map(|slapd| slapd.start(cores)).transpose()?;
    let load = |address: &str, requests: &[Request]| bench.load(address, requests, cores);
    let plan = bench.plan;
    let mut contenders = vec![
        Contender::load("bare hyper", &bare.running, load(&bare.address, &gets)?, plan),
        Contender::rollcall("get", &server, load(&server.address, &gets)?, plan),
        Contender::load(
            "bare hyper, gateway's answer",
            &bare_gateway.running,
            load(&bare_gateway.address, &gateway_gets)?,
            plan,
        ),
        Contender::rollcall("gateway", &server, load(&server.address, &gateway_gets)?, plan),
        Contender::load(
            "bare hyper, 304",
            &bare_unchanged.running,
            load(&bare_unchanged.address, &conditional)?,
            plan,
        ),
        Contender::rollcall("304", &server, load(&server.address, &conditional)?, plan),
    ];
    if let Some(nginx) = &nginx {
        let requests: Vec<Request> = gets.iter().map(|get| get.clone().under(nginx::PREFIX)).collect();
        let load = load(&nginx.address, &requests)?;
        contenders.push(Contender::new("nginx", None, move |round| {
            load.run(plan.duration, round)
        }));
    }
    if let Some((address, running)) = &slapd {
        let load = LdapLoad::of(address, &entries(bench), 64, &bench.new_path("queries"))?;
        contenders.push(Contender::new("slapd", Some(running), move |_| load.run(plan.duration)));
    }
    let rounds = interleave(contenders, plan)?;
    let mut row = |what: &str, ours: usize, name: &str, theirs: usize, target: Target| {
        section.rows.push(Row::against(
            format!("{what}, {pinning}"),
            (Unit::PerSecond, &rounds[ours].per_second),
            (name, &rounds[theirs].per_second),
            target,
        ));
    };
    let share = if bench.users >= 1_000_000 { 0.6 } else { 0.67 };
    // What was promised, was promised for a core to each.
    let promised = |share: f64| if is_pinned { Target::AtLeast(share) } else { Target::None };
    row("get by id", 1, "bare hyper", 0, promised(share));
    row("get by id, gateway", 3, "bare hyper", 2, promised(0.6));
    row("get by id, 304", 5, "bare hyper", 4, promised(0.7));
    if nginx.is_some() {
        row("get by id", 1, "nginx, a file", 6, promised(1.0));
    } else {
        section.remarks.push("nginx: not installed".to_owned());
    }
    if slapd.is_some() {
        row("get by id", 1, "slapd, by DN", rounds.len() - 1, promised(5.0));
    } else if is_pinned {
        section.remarks.push("slapd: not installed".to_owned());
    }
    section.remarks.extend(busy(&rounds[1], pinning));
    Ok(())
}

/// The same questions by whoever has the answers already.
fn with_tags(
    bench: &Bench,
    connection: &mut crate::http::Connection,
    gets: &[Request],
) -> Result<Vec<Request>, String> {
    let count = if bench.quick { TAGS_QUICK.min(gets.len()) } else { gets.len() };
    let gets = &gets[..count];
    let mut tags = Vec::with_capacity(count);
    connection.ask_all(gets, 200, |answer| {
        tags.push(answer.header("etag").ok_or("a user without an ETag")?.to_owned());
        Ok(())
    })?;
    let pairs = gets.iter().zip(&tags);
    Ok(pairs.map(|(get, tag)| get.clone().unless(tag)).collect())
}

/// Everybody's entry, in random order.
pub fn entries(bench: &Bench) -> Vec<Query> {
    let people = bench.people();
    let names = people.iter().map(|person| people::distinguished_name(&person.username));
    let mut queries: Vec<Query> = names.map(Query::Entry).collect();
    Random::new(14).shuffle(&mut queries);
    queries
}

/// Whether the server had enough to do for the figure to be its own.
fn busy(rounds: &Rounds, pinning: &str) -> Option<String> {
    let busy = 100.0 * rounds.busy.as_ref()?.median();
    Some(format!(
        "Get by id, {pinning}: the server used {busy:.0} % of a core, p50 {:.2} ms, p99 {:.2} ms.",
        rounds.p50_ms.median(),
        rounds.p99_ms.median()
    ))
}
