//! The images against a model of plain vectors: after every write, whatever was loaded, let go or
//! written beside it meanwhile, each read answers what the model does and what a fresh load does.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod apart;
mod at_once;
mod compare;
mod many;
mod model;
mod nodes;
mod steps;
mod world;

use support::databases::Backend;
use world::World;

on_both! {
    threads = 1:
    an_image_that_is_kept_current_answers_as_the_model_does,
    an_image_that_is_loaded_ever_again_answers_as_the_model_does,
    three_nodes_on_one_database_answer_as_the_model_does,
}

/// Everything stays loaded.
const AMPLE: usize = 1 << 30;
/// No two images fit: each load lets the others go.
const NONE: usize = 1;

/// Random writes; after each, the reads of every app that is open.
async fn run(on: Backend, seed: u64, steps: usize, apps: usize, budget: usize) {
    let mut world = World::new(on, seed, apps, budget).await;
    for step in 0..steps {
        let what = steps::take(&mut world).await;
        world.context = format!("seed {seed}, step {step}: {what}");
        compare::with_the_model(&world).await;
        if step % 10 == 9 {
            compare::with_a_fresh_load(&world).await;
        }
    }
}

async fn an_image_that_is_kept_current_answers_as_the_model_does(on: Backend) {
    for seed in [1, 2] {
        run(on, seed, 300, 1, AMPLE).await;
    }
}

async fn an_image_that_is_loaded_ever_again_answers_as_the_model_does(on: Backend) {
    run(on, 3, 300, 1, NONE).await;
}

async fn three_nodes_on_one_database_answer_as_the_model_does(on: Backend) {
    run(on, 4, 250, 3, AMPLE).await;
    run(on, 5, 100, 3, NONE).await;
}
