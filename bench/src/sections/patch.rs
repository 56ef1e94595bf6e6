//! Single changes of single records, each durable before it is answered.

use crate::{
    bench::Bench,
    commits,
    dataset::Dataset,
    http::{Connection, Request},
    many::{Many, OneOfMany},
    process::SERVER,
    report::{Row, Section, Target},
    rollcall::text_of,
    rounds::{Contender, interleave},
};

/// Stands where a department's id is put in.
const DEPARTMENT: &str = "\u{1}";
/// The length of an id.
const ID: usize = 36;

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let plan = bench.plan.longer();
    let one = bench.main()?.copy(&bench.new_path("patch"))?;
    let directory = bench.new_path("patch-many");
    let many = Many::create(&bench.rollcall, &directory, 64, 100, 8)?;
    let server = bench.serve(&one, SERVER)?;
    let server_of_many = bench.rollcall.serve(&many.database, &directory, SERVER)?;
    let mut connection = server.connect()?;
    let requests = patches(&one, &one.ids(&server)?);
    let departments = departments(&one, &mut connection)?;
    let load = bench
        .load(&server.address, &requests, SERVER)?
        .values(departments, 1);
    let alone = load.clone().connections(1);
    let rows = bench.new_path("rows.db");
    let contenders = vec![
        Contender::new("SQLite, one row a commit", None, |_| {
            commits::run(&rows, plan.duration)
        }),
        Contender::rollcall("64 callers, one client", &server, load, plan),
        Contender::new(
            "64 callers, 64 clients",
            Some(&server_of_many.running),
            |round| {
                let requests = patches_of_many(&many, round);
                let load = bench.load(&server_of_many.address, &requests, SERVER)?;
                let outcome = load.run(plan.duration, round);
                server_of_many.empty_log();
                outcome
            },
        ),
        Contender::new("1 caller", Some(&server.running), |round| {
            // Other departments than the 64 callers give the same people in this round.
            let outcome = alone.run(plan.duration, round + 7);
            server.empty_log();
            outcome
        }),
    ];
    let rounds = interleave(contenders, plan)?;
    let limit = ("SQLite, one row a commit", &rounds[0]);
    let five = Target::AtLeast(5.0);
    let mut section = Section::default();
    let one = "64 callers on one client";
    section.rows.push(Row::rates(one, &rounds[1], limit, five));
    section.rows.push(Row::rates(
        "64 callers on 64 clients",
        &rounds[2],
        limit,
        five,
    ));
    section.rows.push(Row::rates(
        one,
        &rounds[1],
        ("1 caller", &rounds[3]),
        Target::None,
    ));
    section.remark(
        "Each gives another user another department. *One row a commit* is an UPDATE in SQLite (WAL, \
         `synchronous=FULL`) without a server, on the same core and disk.",
    );
    Ok(section)
}

/// One change for each of these users, with a place for the department.
fn patches(dataset: &Dataset, ids: &[String]) -> Vec<Request> {
    let requests = ids.iter().map(|id| {
        let path = dataset.path(&format!("/users/{id}"));
        patch(&path, &dataset.token, DEPARTMENT).longer(ID - DEPARTMENT.len())
    });
    requests.collect()
}

fn patch(path: &str, token: &str, department: &str) -> Request {
    let body = format!("{{\"departments\":[\"{department}\"]}}");
    Request::sending("PATCH", path, token, body)
}

/// Changes that follow each other in other clients, with other departments in each round, and for
/// the same user each time.
fn patches_of_many(many: &Many, round: usize) -> Vec<Request> {
    let mut requests = Vec::new();
    for pass in 0..8 {
        for user in 0..many.clients[0].users.len() {
            for OneOfMany {
                id,
                users,
                departments,
            } in &many.clients
            {
                let path = format!("/v2/clients/{id}/users/{}", users[user]);
                let department = &departments[(3 * round + pass) % departments.len()];
                requests.push(patch(&path, &many.token, department));
            }
        }
    }
    requests
}

fn departments(dataset: &Dataset, connection: &mut Connection) -> Result<Vec<String>, String> {
    let list = connection.ask(&dataset.get("/departments"), 200)?.json()?;
    let departments = list["data"].as_array().into_iter().flatten();
    departments
        .map(|department| text_of(department, "id"))
        .collect()
}
