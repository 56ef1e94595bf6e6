//! How many look at all of a client's people at once. Who does holds a thread and a core for as long
//! as it takes, half a second or more for 100,000 people: without a bound, a few questions that no
//! index answers would keep everybody else from being answered.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::operations::error::Error;

/// How long somebody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(3);
/// Turns that there are at least: one long look does not keep another from being begun.
const AT_ONCE_MIN: usize = 2;

/// The turns: as many as the runtime has threads.
pub struct Looks(Arc<Semaphore>);

/// A turn, for as long as it is held.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Looks {
    /// The turns of a process whose runtime this is called in.
    pub(super) fn new() -> Self {
        let threads = Handle::current().metrics().num_workers();
        Self(Arc::new(Semaphore::new(threads.max(AT_ONCE_MIN))))
    }

    /// Waits for a turn, in the order of asking.
    ///
    /// # Errors
    /// [`Error::Unavailable`] for who has waited three seconds in vain.
    pub async fn turn(&self) -> Result<Turn, Error> {
        let waiting = Arc::clone(&self.0).acquire_owned();
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            Ok(Err(_)) | Err(_) => {
                let reason = "too many questions look at everybody at once";
                Err(Error::Unavailable(reason.to_owned()))
            }
        }
    }
}
