//! SIGTERM and SIGINT: the first asks the server to finish what it has begun, a second ends it.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::cli::failure::Failure;

/// Listens for both signals from now on; what it returns is ready when the first has come.
pub fn shutdown() -> Result<impl Future<Output = ()> + Send + 'static, Failure> {
    let listen = |kind| {
        signal(kind).map_err(|error| Failure::because(format!("cannot take signals: {error}")))
    };
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        let first = either(&mut terminate, &mut interrupt).await;
        tracing::info!(signal = first.0, "shutting down");
        // Nobody waits any more when the server ended by itself.
        sender.send(()).ok();
        let second = either(&mut terminate, &mut interrupt).await;
        tracing::warn!(signal = second.0, "ending at once");
        std::process::exit(second.1);
    });
    Ok(async move {
        // The task outlives us unless the runtime is going down, and then it is time as well.
        receiver.await.ok();
    })
}

/// The name of the next signal, and the exit code that shells give a process that it ended.
async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> (&'static str, i32) {
    tokio::select! {
        _ = terminate.recv() => ("SIGTERM", 128 + 15),
        _ = interrupt.recv() => ("SIGINT", 128 + 2),
    }
}
