//! The log of API calls: in the order in which they came, each with its answer once there is one.

use std::fs::File;
use std::io::Write as _;

use serde::{Deserialize, Serialize};

/// One line of the request log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// HTTP method.
    pub method: String,
    /// API host.
    pub host: String,
    /// Path behind the host, decoded.
    pub path: String,
    /// Query as it came, without the question mark.
    pub query: String,
    /// HTTP status of the answer; 0 while it is under way and when the connection was dropped.
    pub status: u16,
    /// Milliseconds since the server started.
    pub at_ms: u64,
}

impl RequestRecord {
    /// Whether the call can change something.
    pub fn is_write(&self) -> bool {
        let reads =
            [":getIamPolicy", ":testIamPermissions", ":generateAccessToken", ":generateIdToken", ":search", ":query"];
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
            && !reads.iter().any(|verb| self.path.ends_with(verb))
    }

    /// `POST run.googleapis.com/v2/...`
    pub fn line(&self) -> String {
        format!("{} {}{}", self.method, self.host, self.path)
    }
}

/// Where a call stands in the log.
#[derive(Debug)]
pub(crate) struct Ticket {
    epoch: u64,
    index: usize,
}

/// All calls since the last [`RequestLog::clear`].
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    records: Vec<RequestRecord>,
    /// How often the log was cleared: a call that began before does not write into the new one.
    epoch: u64,
    file: Option<File>,
}

impl RequestLog {
    /// An empty log, which also appends a line of JSON for each answered call to `file`.
    pub(crate) fn new(file: Option<File>) -> Self {
        Self { file, ..Self::default() }
    }

    pub(crate) fn records(&self) -> &[RequestRecord] {
        &self.records
    }

    pub(crate) fn clear(&mut self) {
        self.records.clear();
        self.epoch += 1;
    }

    /// A call came in.
    pub(crate) fn note(&mut self, record: RequestRecord) -> Ticket {
        self.records.push(record);
        Ticket { epoch: self.epoch, index: self.records.len() - 1 }
    }

    /// Its answer has this status.
    pub(crate) fn settle(&mut self, ticket: &Ticket, status: u16) {
        if self.epoch != ticket.epoch {
            return;
        }
        let Some(record) = self.records.get_mut(ticket.index) else { return };
        record.status = status;
        let line = serde_json::to_string(record).unwrap_or_default();
        if let Some(file) = &mut self.file
            && let Err(error) = writeln!(file, "{line}")
        {
            tracing::warn!(%error, "the request log cannot be written");
        }
    }
}
