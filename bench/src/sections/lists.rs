//! Pages of lists: random pages over everybody, 64 connections.

use crate::{
    bench::Bench,
    dataset::{cursor, walk},
    ldap::{BASE, INDEXES, LdapLoad, message::Query},
    process::SERVER,
    report::{Row, Section, Target, Unit},
    rounds::{Contender, interleave},
};

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let main = bench.main()?;
    let server = bench.rollcall.serve(&main.database, &main.directory, SERVER)?;
    let mut connection = server.connect()?;
    let pages = walk(&mut connection, &main.get("/users?page_size=100"), |page| {
        Ok(cursor(page, "next_cursor", "&cursor="))
    })?;
    let first = main.gateway("/users?pageSize=1000");
    let gateway_pages = walk(&mut connection, &first, |page| {
        Ok(cursor(page, "next_page_token", "&pageToken="))
    })?;
    let page = connection.ask(&pages[0], 200)?;
    let gateway_page = connection.ask(&gateway_pages[0], 200)?;
    let bare = bench.bare(&page, SERVER)?;
    let bare_gateway = bench.bare(&gateway_page, SERVER)?;
    let slapd = bench.slapd()?.map(|slapd| slapd.start(SERVER)).transpose()?;
    let plan = bench.plan;
    let load = |address: &str, requests| bench.load(address, requests, SERVER);
    let mut contenders = vec![
        Contender::load("bare hyper", &bare.running, load(&bare.address, &pages)?, plan),
        Contender::rollcall("list", &server, load(&server.address, &pages)?, plan),
        Contender::load(
            "bare hyper, gateway's answer",
            &bare_gateway.running,
            load(&bare_gateway.address, &gateway_pages)?,
            plan,
        ),
        Contender::rollcall("gateway", &server, load(&server.address, &gateway_pages)?, plan),
    ];
    if let Some((address, running)) = &slapd {
        let queries = [Query::Page(BASE.to_owned(), 1000)];
        let load = LdapLoad::of(address, &queries, 64, &bench.new_path("queries"))?;
        contenders.push(Contender::new("slapd", Some(running), move |_| load.run(plan.duration)));
    }
    let rounds = interleave(contenders, plan)?;
    let row = |what: &str, ours: usize, name: &str, theirs: usize, target: f64| {
        Row::against(
            what,
            (Unit::PerSecond, &rounds[ours].per_second),
            (name, &rounds[theirs].per_second),
            Target::AtLeast(target),
        )
    };
    let mut section = Section::default();
    section.rows.push(row("Clients API, 100 a page", 1, "bare hyper", 0, 0.5));
    section.rows.push(row("gateway, 1,000 a page", 3, "bare hyper", 2, 0.5));
    if slapd.is_some() {
        section.rows.push(row("gateway, 1,000 a page", 3, "slapd, 1,000 a page", 4, 10.0));
        section.remarks.push(format!(
            "{INDEXES}. Its pages come from 64 walks at a time, by the paged results control."
        ));
    } else {
        section.remarks.push("slapd: not installed".to_owned());
    }
    section.remarks.push(format!(
        "A page of the Clients API has {} bytes, of the gateway {}.",
        page.body.len(),
        gateway_page.body.len()
    ));
    Ok(section)
}
