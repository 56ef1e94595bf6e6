//! The same reads from a server on PostgreSQL.

use rollcall_testbed::postgres::{self, Options};

use crate::{
    bench::Bench,
    dataset::{Dataset, cursor, walk},
    http::Request,
    people, process,
    process::SERVER,
    report::{Row, Section, Target},
    rounds::{Contender, interleave},
};

/// The words that are searched for.
const WORDS: usize = 500;

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let mut section = Section::default();
    if !postgres::is_installed() {
        section.remark("PostgreSQL: not installed");
        return Ok(section);
    }
    let main = bench.main()?;
    let postgres = postgres::Server::try_launch(&Options {
        durable: true,
        ..Options::default()
    })?;
    postgres.create_database("bench");
    let moved = Dataset {
        database: postgres.url("bench"),
        directory: bench.new_path("postgres"),
        ..main.clone()
    };
    std::fs::create_dir(&moved.directory).map_err(|error| error.to_string())?;
    let arguments = ["migrate", "--from", &main.database, "--to", &moved.database];
    process::printed(bench.rollcall.command(&moved.database, &arguments))?;
    let on_sqlite = bench.serve(main, SERVER)?;
    let on_postgres = bench.serve(&moved, SERVER)?;
    let mut connection = on_sqlite.connect()?;
    let gets = main.gets(&on_sqlite)?;
    let pages = walk(&mut connection, &main.get("/users?page_size=100"), |page| {
        Ok(cursor(page, "next_cursor", "&cursor="))
    })?;
    let words = people::words(&main.people, 3, WORDS);
    let searches = words
        .iter()
        .map(|word| main.get(&format!("/users?q={word}&page_size=10")));
    let searches: Vec<Request> = searches.collect();
    let kinds = [
        ("get by id", &gets),
        ("list, 100 a page", &pages),
        ("`q` of 3, first 10", &searches),
    ];
    let kinds = if bench.quick { &kinds[..1] } else { &kinds };
    let plan = bench.plan.shorter();
    let mut contenders = Vec::new();
    for &(what, requests) in kinds {
        for (on, server) in [("SQLite", &on_sqlite), ("PostgreSQL", &on_postgres)] {
            let load = bench.load(&server.address, requests, SERVER)?;
            contenders.push(Contender::rollcall(
                format!("{what}, {on}"),
                server,
                load,
                plan,
            ));
        }
    }
    let rounds = interleave(contenders, plan)?;
    for ((what, _), pair) in kinds.iter().zip(rounds.chunks(2)) {
        let what = format!("{what}, on PostgreSQL");
        section.rows.push(Row::rates(
            what,
            &pair[1],
            ("on SQLite", &pair[0]),
            Target::AtLeast(0.95),
        ));
    }
    section.remark(
        "Both servers are pinned to the same core; PostgreSQL is durable, holds what `rollcall \
         migrate` copied, and has nothing to do while the images answer.",
    );
    Ok(section)
}
