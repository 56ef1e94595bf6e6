//! Agents that report who is active, and what it costs whoever reads meanwhile.

use std::{process::Command, thread, time::Duration};

use crate::{
    bench::Bench,
    dataset::Dataset,
    figures::Figures,
    http::Request,
    process,
    process::SERVER,
    report::{Held, Row, Section, Target, Unit, grouped},
    rounds::{Contender, Rounds, interleave},
    wrk::Load,
};

/// Stands where a moment is put in.
const MOMENT: &str = "\u{1}";

/// Reports in one request of a large one.
const REPORTS: usize = 1_000;

/// How long an agent of 64 waits before its next report, so that they make about 640 a second.
const PAUSE_MS: usize = 98;

/// After this time all agents are reporting.
const UNDER_WAY: Duration = Duration::from_millis(300);

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let main = bench.main()?.copy(&bench.new_path("activity"))?;
    let server = bench.serve(&main, SERVER)?;
    let gets = main.gets(&server)?;
    let single = reports(&main, 1);
    let answer = server.connect()?.ask(&with_moment(&main), 202)?;
    let bare = bench.bare(&answer, SERVER)?;
    let plan = bench.plan.longer();
    let load = |address: &str, requests: &[Request]| bench.load(address, requests, SERVER);
    let bare_reporting = load(&bare.address, &single)?;
    let reporting = load(&server.address, &single)?;
    let reporting_many = load(&server.address, &reports(&main, REPORTS))?;
    let getting = load(&server.address, &gets)?;
    let timed = |load: &Load, round| load.clone().values(moments()?, 0).run(plan.duration, round);
    let beside = |reports: Load, round| {
        let reports = reports.values(moments()?, 0).start(round)?;
        // Until each of them has come to its first report.
        thread::sleep(UNDER_WAY);
        let outcome = getting.run(plan.duration, round)?;
        let reported = reports.finish(Duration::ZERO)?;
        server.empty_log();
        Ok::<_, String>((outcome, reported.per_second))
    };
    let (mut slowly, mut fast) = (0.0, 0.0);
    let agents = reporting.clone().pause_ms(PAUSE_MS);
    let contenders = vec![
        Contender::new("bare hyper", Some(&bare.running), |round| {
            timed(&bare_reporting, round)
        }),
        Contender::new("64 × 1 report", Some(&server.running), |round| {
            timed(&reporting, round)
        }),
        Contender::new("64 × 1,000 reports", Some(&server.running), |round| {
            timed(&reporting_many, round)
        }),
        Contender::rollcall("get", &server, getting.clone(), plan),
        Contender::new(
            "get while 64 agents report",
            Some(&server.running),
            |round| {
                let (outcome, reported) = beside(agents.clone(), round)?;
                slowly = reported;
                Ok(outcome)
            },
        ),
        Contender::new(
            "get while 64 report at once",
            Some(&server.running),
            |round| {
                let (outcome, reported) = beside(reporting.clone(), round)?;
                fast = reported;
                Ok(outcome)
            },
        ),
    ];
    let rounds = interleave(contenders, plan)?;
    Ok(section(&rounds, slowly, fast))
}

fn section(rounds: &[Rounds], slowly: f64, fast: f64) -> Section {
    let row = |what: String, ours: usize, name: &str, theirs: usize, target: Target| {
        Row::rates(what, &rounds[ours], (name, &rounds[theirs]), target)
    };
    let reports = rounds[2].per_second.by_number(1.0 / REPORTS as f64);
    let mut section = Section::default();
    let single = "64 callers × 1 report, durable".to_owned();
    section.rows.push(row(
        single,
        1,
        "bare hyper, the same POST",
        0,
        Target::AtLeast(0.35),
    ));
    section.rows.push(Row {
        what: "64 callers × 1,000 reports, reports".to_owned(),
        figures: Figures::clone(&reports),
        unit: Unit::PerSecond,
        held: Held::Promise(500_000.0),
        target: Target::AtLeast(1.0),
    });
    let agents = format!(
        "get by id while 64 agents make {} reports/s",
        grouped(slowly)
    );
    section
        .rows
        .push(row(agents, 4, "get alone", 3, Target::AtLeast(0.85)));
    let closed = format!(
        "get by id while 64 callers report without pause, {}/s",
        grouped(fast)
    );
    section
        .rows
        .push(row(closed, 5, "get alone", 3, Target::None));
    section.remark(
        "Every report moves somebody's activity. The agents of the third row pause for about 100 ms \
         between reports; the callers of the fourth one do not, and take their part of both cores.",
    );
    section
}

/// Requests that report everybody once, so many a request, with a place for the moment.
fn reports(main: &Dataset, each: usize) -> Vec<Request> {
    let chunks = main.people.chunks(each);
    let bodies = chunks.map(|people| {
        let reports = people.iter().map(|person| report(&person.user_key, MOMENT));
        format!(
            "{{\"reports\":[{}]}}",
            reports.collect::<Vec<_>>().join(",")
        )
    });
    let path = main.path("/activity");
    // The place holds one byte where 24 will stand.
    let requests = bodies.map(|body| Request::sending("POST", &path, &main.token, body));
    requests
        .map(|request| request.longer(each.min(main.people.len()) * (24 - MOMENT.len())))
        .collect()
}

fn report(user_key: &str, at: &str) -> String {
    format!("{{\"user_key\":\"{user_key}\",\"channel\":\"desktop\",\"at\":\"{at}\"}}")
}

/// One whole report.
fn with_moment(main: &Dataset) -> Request {
    let report = report(&main.people[0].user_key, "2026-11-01T00:00:00.000Z");
    let body = format!("{{\"reports\":[{report}]}}");
    Request::sending("POST", &main.path("/activity"), &main.token, body)
}

/// A thousand moments one after the other, later than those of the last call by then, and past.
fn moments() -> Result<Vec<String>, String> {
    let mut date = Command::new("date");
    date.args(["-u", "-d", "2 seconds ago", "+%FT%T"]);
    let second = process::printed(date)?;
    let second = second.trim_end();
    Ok((0..1000)
        .map(|millisecond| format!("{second}.{millisecond:03}Z"))
        .collect())
}
