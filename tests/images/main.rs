//! The images against a model of plain vectors: after every write, whatever was loaded, let go or
//! written beside it meanwhile, each read answers what the model does and what a fresh load does.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

mod apart;
mod compare;
mod model;
mod nodes;
mod steps;
#[path = "../support/mod.rs"]
mod support;
mod world;

use world::World;

/// Everything stays loaded.
const AMPLE: usize = 1 << 30;
/// No two images fit: each load lets the others go.
const NONE: usize = 1;

/// Random writes; after each, the reads of every app that is open.
async fn run(seed: u64, steps: usize, apps: usize, budget: usize) {
    let mut world = World::new(seed, apps, budget).await;
    for step in 0..steps {
        let what = steps::take(&mut world).await;
        world.context = format!("seed {seed}, step {step}: {what}");
        compare::with_the_model(&world).await;
        if step % 10 == 9 {
            compare::with_a_fresh_load(&world).await;
        }
    }
}

#[tokio::test]
async fn an_image_that_is_kept_current_answers_as_the_model_does() {
    for seed in [1, 2] {
        run(seed, 300, 1, AMPLE).await;
    }
}

#[tokio::test]
async fn an_image_that_is_loaded_ever_again_answers_as_the_model_does() {
    run(3, 300, 1, NONE).await;
}

#[tokio::test]
async fn two_processes_on_one_file_answer_as_the_model_does() {
    run(4, 250, 2, AMPLE).await;
    run(5, 100, 2, NONE).await;
}
