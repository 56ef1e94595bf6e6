//! Starting a server on a port that may turn out to be taken.

use crate::{free_port, supervisor::Supervisor, waiting};

/// One kind of server: what it is called, how it is started on a port, and how one knows that the
/// process with this id, and no other, is ready there.
pub(crate) struct Program<C, R> {
    pub(crate) name: &'static str,
    pub(crate) command: C,
    pub(crate) is_ready: R,
}

enum Failure {
    PortTaken,
    Other(String),
}

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Self::Other(sentence)
    }
}

impl<C: Fn(u16) -> Vec<String>, R: Fn(u16, u32) -> bool> Program<C, R> {
    /// Starts it on a port that is free, and returns the port.
    pub(crate) fn start_on_any(&self, supervisor: &mut Supervisor) -> Result<u16, String> {
        for _ in 0..10 {
            let port = free_port::find()?;
            match self.attempt(supervisor, port) {
                Ok(()) => return Ok(port),
                // Another process was quicker.
                Err(Failure::PortTaken) => {}
                Err(Failure::Other(sentence)) => return Err(sentence),
            }
        }
        Err(format!(
            "{} found ten ports taken one after the other",
            self.name
        ))
    }

    /// Starts it on this port.
    pub(crate) fn start_on(&self, supervisor: &mut Supervisor, port: u16) -> Result<(), String> {
        self.attempt(supervisor, port)
            .map_err(|failure| match failure {
                Failure::PortTaken => format!("{}'s port {port} is taken", self.name),
                Failure::Other(sentence) => sentence,
            })
    }

    /// Starts it and waits until it is ready. One that is not has ended when this returns.
    fn attempt(&self, supervisor: &mut Supervisor, port: u16) -> Result<(), Failure> {
        let log_start = supervisor.log_len();
        let process = supervisor.start(&(self.command)(port))?;
        let outcome = waiting::until_some(|| {
            if (self.is_ready)(port, process) {
                return Some(Ok(true));
            }
            match supervisor.is_running() {
                Ok(true) => None,
                other => Some(other),
            }
        });
        let what = match outcome {
            Some(Ok(true)) => return Ok(()),
            Some(Ok(false)) => "does not start",
            Some(Err(sentence)) => return Err(sentence.into()),
            None => {
                // It may end at this very moment; all that counts is that it has.
                let _ = supervisor.signal("KILL");
                "does not answer"
            }
        };
        supervisor.wait()?;
        let own_words = supervisor.log_from(log_start);
        if own_words.contains("Address already in use") {
            return Err(Failure::PortTaken);
        }
        let lines = supervisor.last_lines_from(log_start);
        Err(Failure::Other(format!("{} {what}:\n{lines}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory;

    fn failing(script: &'static str) -> String {
        let program = Program {
            name: "A server",
            command: |port: u16| {
                ["sh", "-c", script, &port.to_string()]
                    .map(str::to_owned)
                    .to_vec()
            },
            is_ready: |_, _| false,
        };
        let directory = directory::create().expect("a temporary directory");
        let mut supervisor = Supervisor::new(directory, None, "KILL").expect("sh is there");
        let outcome = program.start_on_any(&mut supervisor);
        assert_eq!(supervisor.server(), None);
        outcome.expect_err("it is never ready")
    }

    #[test]
    fn a_server_that_does_not_start_is_quoted() {
        let sentence = failing("echo 'FATAL: no, thank you'");
        assert_eq!(sentence, "A server does not start:\nFATAL: no, thank you");
    }

    #[test]
    fn a_taken_port_is_left_for_another_but_not_for_ever() {
        let sentence = failing("echo \"bind $0: Address already in use\"");
        assert_eq!(
            sentence,
            "A server found ten ports taken one after the other"
        );
    }
}
