//! What an operation is doing, a line at a time: Terraform shows nothing inside a resource.
//!
//! The lines go to the log at INFO, and to the file, pipe or terminal that `MLOPS_PROGRESS` names. Who reads them slowly, or
//! not at all, holds up nothing: a thread of its own writes them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

/// The environment variable that says where the lines go.
pub const VARIABLE: &str = "MLOPS_PROGRESS";
/// What it says for the terminal.
const TERMINAL: &str = "tty";
/// The terminal of a process.
const TERMINAL_DEVICE: &str = "/dev/tty";
/// How long the end of an operation waits for its lines to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the lines of operations go. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    writer: Option<Sender<Line>>,
}

#[derive(Debug)]
enum Line {
    Text(String),
    /// Answered once all before it is written.
    Mark(oneshot::Sender<()>),
}

impl Progress {
    /// Lines for `target`: a file, to whose end they are added, a pipe, or `tty` for the terminal.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn to(target: &str) -> io::Result<Self> {
        let path = if target == TERMINAL { TERMINAL_DEVICE } else { target };
        let is_file = fs::metadata(path).map_or(true, |found| found.is_file());
        // A pipe that is opened for reading, too, waits for no reader.
        let mut options = OpenOptions::new();
        let options = if is_file { options.append(true).create(true) } else { options.read(true).write(true) };
        let mut file = options.open(path)?;
        let (writer, lines) = mpsc::channel();
        thread::Builder::new().name("progress".to_owned()).spawn(move || {
            for line in lines {
                match line {
                    Line::Text(text) if writeln!(file, "{text}").is_err() => return,
                    Line::Text(_) => {}
                    Line::Mark(reached) => drop(reached.send(())),
                }
            }
        })?;
        Ok(Self { writer: Some(writer) })
    }

    /// Says one line.
    pub fn say(&self, line: String) {
        tracing::info!("{line}");
        if let Some(writer) = &self.writer {
            // A writer that has ended could not write.
            let _ = writer.send(Line::Text(line));
        }
    }

    /// Waits, for a moment at most, until what was said is written.
    pub async fn flush(&self) {
        let Some(writer) = &self.writer else { return };
        let (reached, is_reached) = oneshot::channel();
        if writer.send(Line::Mark(reached)).is_ok() {
            let _ = tokio::time::timeout(PATIENCE, is_reached).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_added_to_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress");
        fs::write(&path, "before\n").unwrap();
        let progress = Progress::to(path.to_str().unwrap()).unwrap();
        progress.say("services[\"api\"]: creating".to_owned());
        progress.flush().await;
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\nservices[\"api\"]: creating\n");
    }

    #[test]
    fn what_cannot_be_written_to_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Progress::to(folder.path().to_str().unwrap()).is_err());
        assert!(Progress::to(folder.path().join("no").join("such").to_str().unwrap()).is_err());
    }
}
