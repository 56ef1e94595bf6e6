//! Pages of lists: random pages over everybody, 64 connections.

use crate::{
    bench::Bench,
    dataset::{cursor, walk},
    ldap::{BASE, INDEXES, message::Query},
    process::SERVER,
    report::{Row, Section, Target},
    rounds::interleave,
    spelling::never_asked_before,
};

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let main = bench.main()?;
    let server = bench.serve(main, SERVER)?;
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
    let slapd = bench.slapd(SERVER)?;
    // What it keeps of these would push out what the other one keeps.
    let fresh = bench.serve(main, SERVER)?;
    let (new, gateway_new) = (
        never_asked_before(&pages),
        never_asked_before(&gateway_pages),
    );
    let mut contenders = vec![
        bench.bares("bare hyper", &bare, &pages, SERVER)?,
        bench.ours("list, never asked before", &fresh, &new, SERVER)?,
        bench.ours("list, asked again", &server, &pages, SERVER)?,
        bench.bares(
            "bare hyper, gateway's",
            &bare_gateway,
            &gateway_pages,
            SERVER,
        )?,
        bench.ours("gateway, never asked before", &fresh, &gateway_new, SERVER)?,
        bench.ours("gateway, asked again", &server, &gateway_pages, SERVER)?,
    ];
    if let Some(slapd) = &slapd {
        let queries = [Query::Page(BASE.to_owned(), 1000)];
        contenders.push(bench.slapds("slapd", slapd, &queries, 64)?);
    }
    let rounds = interleave(contenders, bench.plan)?;
    let mut section = Section::default();
    for (what, bare) in [("Clients API, 100 a page", 0), ("gateway, 1,000 a page", 3)] {
        for (asked, ours) in [("never asked before", bare + 1), ("asked again", bare + 2)] {
            section.rows.push(Row::rates(
                format!("{what}, {asked}"),
                &rounds[ours],
                ("bare hyper", &rounds[bare]),
                Target::AtLeast(0.5),
            ));
        }
    }
    if slapd.is_some() {
        section.rows.push(Row::rates(
            "gateway, 1,000 a page, never asked before",
            &rounds[4],
            ("slapd, 1,000 a page", &rounds[6]),
            Target::AtLeast(10.0),
        ));
        section.remark(format!(
            "{INDEXES}. Its pages come from 64 walks at a time, by the paged results control."
        ));
    } else {
        section.remark("slapd: not installed");
    }
    section.remark(format!(
        "Pages that were shown are kept until somebody writes, up to 64 MiB. *Never asked before*: \
         each question is spelled in another way (`%61`), so that none of its pages is kept. A page \
         of the Clients API has {} bytes, of the gateway {}.",
        page.body.len(),
        gateway_page.body.len()
    ));
    Ok(section)
}
