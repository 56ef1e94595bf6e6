//! Pages of lists: random pages over everybody, 64 connections.

use crate::{
    bench::Bench,
    dataset::{cursor, walk},
    ldap::{BASE, INDEXES, message::Query},
    process::SERVER,
    report::{Row, Section, Target},
    rounds::interleave,
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
    let mut contenders = vec![
        bench.bares("bare hyper", &bare, &pages, SERVER)?,
        bench.ours("list", &server, &pages, SERVER)?,
        bench.bares(
            "bare hyper, gateway's",
            &bare_gateway,
            &gateway_pages,
            SERVER,
        )?,
        bench.ours("gateway", &server, &gateway_pages, SERVER)?,
    ];
    if let Some(slapd) = &slapd {
        let queries = [Query::Page(BASE.to_owned(), 1000)];
        contenders.push(bench.slapds("slapd", slapd, &queries, 64)?);
    }
    let rounds = interleave(contenders, bench.plan)?;
    let half = Target::AtLeast(0.5);
    let mut section = Section::default();
    let list = "Clients API, 100 a page";
    section.rows.push(Row::rates(
        list,
        &rounds[1],
        ("bare hyper", &rounds[0]),
        half,
    ));
    let gateway = "gateway, 1,000 a page";
    section.rows.push(Row::rates(
        gateway,
        &rounds[3],
        ("bare hyper", &rounds[2]),
        half,
    ));
    if slapd.is_some() {
        let theirs = ("slapd, 1,000 a page", &rounds[4]);
        section.rows.push(Row::rates(
            gateway,
            &rounds[3],
            theirs,
            Target::AtLeast(10.0),
        ));
        section.remark(format!(
            "{INDEXES}. Its pages come from 64 walks at a time, by the paged results control."
        ));
    } else {
        section.remark("slapd: not installed");
    }
    section.remark(format!(
        "Pages come round again: those that were shown are kept until somebody writes, up to 64 MiB. \
         A page of the Clients API has {} bytes, of the gateway {}.",
        page.body.len(),
        gateway_page.body.len()
    ));
    Ok(section)
}
