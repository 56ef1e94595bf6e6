//! What it costs to be larger: the same question over ever more people, and over many clients.

use std::rc::Rc;

use crate::{
    bench::Bench,
    dataset::Dataset,
    many::Many,
    people::{self, Fields},
    process::SERVER,
    report::{Row, Section, Target, grouped},
    rounds::{Contender, interleave},
};

/// The smallest directory, which the others are held against.
const SMALL: usize = 10_000;
/// People of each of many clients.
const EACH: usize = 100;
/// Clients in all; fewer when it is to be over soon.
const CLIENTS: usize = 1_000;
const CLIENTS_QUICK: usize = 100;

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let mut section = Section::default();
    let clients = if bench.quick { CLIENTS_QUICK } else { CLIENTS };
    let small = dataset(bench, SMALL)?;
    let middle = match clients * EACH {
        SMALL => None,
        people if people == bench.users => None,
        people => Some(dataset(bench, people)?),
    };
    let main = bench.main()?;
    println!("  making {clients} clients");
    let directory = bench.new_path("many");
    let many = Many::create(&bench.rollcall, &directory, clients, EACH, 0)?;
    let server_of_many = bench.rollcall.serve(&many.database, &directory, SERVER)?;
    let plan = bench.plan.shorter();
    let datasets: Vec<&Dataset> = [&small].into_iter().chain(&middle).chain([main]).collect();
    let mut servers = Vec::new();
    for dataset in &datasets {
        servers.push(bench.serve(dataset, SERVER)?);
    }
    let mut contenders = Vec::new();
    for (dataset, server) in datasets.iter().zip(&servers) {
        let load = bench.load(&server.address, &dataset.gets(server)?, SERVER)?;
        let name = format!("{} users", dataset.people.len());
        contenders.push(Contender::rollcall(name, server, load, plan));
    }
    let load = bench.load(&server_of_many.address, &many.gets(), SERVER)?;
    let name = format!("{clients} clients");
    contenders.push(Contender::rollcall(name, &server_of_many, load, plan));
    let rounds = interleave(contenders, plan)?;
    for (dataset, own) in datasets.iter().zip(&rounds).skip(1) {
        let what = format!(
            "get by id, {} users in one client",
            users(dataset.people.len())
        );
        let small = (&*format!("{} users", users(SMALL)), &rounds[0]);
        section
            .rows
            .push(Row::rates(what, own, small, Target::AtLeast(0.85)));
    }
    let same = datasets
        .iter()
        .position(|dataset| dataset.people.len() == clients * EACH);
    let same = same.expect("one of the datasets has as many people");
    let what = format!("get by id, {} clients of {EACH} users", users(clients));
    let one = (
        &*format!("one client of {}", users(clients * EACH)),
        &rounds[same],
    );
    section.rows.push(Row::rates(
        what,
        &rounds[datasets.len()],
        one,
        Target::AtLeast(0.95),
    ));
    if bench.users < 1_000_000 {
        section
            .remark("A million users were left out: `cargo xtask bench --users 1000000` has them.");
    }
    Ok(section)
}

/// A number of them as a row says it.
fn users(count: usize) -> String {
    grouped(count as f64)
}

fn dataset(bench: &Bench, count: usize) -> Result<Dataset, String> {
    let people = Rc::new(people::generate(count));
    let directory = bench.new_path("growth");
    Dataset::create(&bench.rollcall, &directory, people, Fields::Full)
}
