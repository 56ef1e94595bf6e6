//! hyper's timer, of which each connection needs only one at a time.
//!
//! hyper waits for each request's head anew. With tokio's own timer each of these waits is entered
//! into the list that all threads share, and taken out again microseconds later. Here a connection
//! has one alarm that goes on from wait to wait: it is moved when it rings too early, once in as
//! long as a head may take, and not with every request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;

/// The timer of one connection, whose waits follow one another.
pub struct ConnectionTimer(Alarm);

type Alarm = Arc<Mutex<Pin<Box<tokio::time::Sleep>>>>;

impl ConnectionTimer {
    /// A timer for a connection that is served by this runtime.
    pub fn new() -> Self {
        let alarm = tokio::time::sleep(Duration::ZERO);
        Self(Arc::new(Mutex::new(Box::pin(alarm))))
    }
}

impl Timer for ConnectionTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(Wait {
            alarm: Arc::clone(&self.0),
            deadline: deadline.into(),
        })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

struct Wait {
    alarm: Alarm,
    deadline: tokio::time::Instant,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.lock();
        if alarm.deadline() > self.deadline {
            alarm.as_mut().reset(self.deadline);
        }
        loop {
            ready!(alarm.as_mut().poll(context));
            if alarm.deadline() >= self.deadline {
                return Poll::Ready(());
            }
            // It was set for an earlier wait, which is over.
            alarm.as_mut().reset(self.deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_that_follow_one_another_end_when_each_is_due() {
        let timer = ConnectionTimer::new();
        let begun = tokio::time::Instant::now();
        let passed = || begun.elapsed().as_millis();
        // One that is given up, as most are.
        drop(timer.sleep(Duration::from_secs(10)));
        let mut given_up = timer.sleep(Duration::from_secs(10));
        assert!((&mut given_up).now_or_never().is_none());
        drop(given_up);
        tokio::time::advance(Duration::from_secs(4)).await;
        timer.sleep(Duration::from_secs(10)).await;
        assert_eq!(passed(), 14_000);
        timer.sleep(Duration::from_secs(3)).await;
        assert_eq!(passed(), 17_000);
        // A shorter one while the alarm is set for later.
        let mut long = timer.sleep(Duration::from_secs(60));
        assert!((&mut long).now_or_never().is_none());
        timer.sleep(Duration::from_secs(1)).await;
        assert_eq!(passed(), 18_000);
    }
}
