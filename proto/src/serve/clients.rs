//! Who is connected: the count of clients.
//!
//! A provider outlives Terraform only by mistake, so the count decides when to stop (see [`super::stop`]).

use std::sync::Arc;

use tokio::sync::watch;

/// How many clients there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Connected now.
    pub(super) now: usize,
    /// Whether there ever was one.
    pub(super) ever: bool,
}

/// The book of clients.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients(Arc<watch::Sender<Count>>);

impl Clients {
    /// The count and its changes.
    pub(super) fn watch(&self) -> watch::Receiver<Count> {
        self.0.subscribe()
    }

    /// Counts one more until the result is dropped.
    pub(super) fn admit(&self) -> Admission {
        self.0.send_modify(|count| *count = Count { now: count.now + 1, ever: true });
        Admission(self.clone())
    }
}

/// A place in the book.
#[derive(Debug)]
pub(super) struct Admission(Clients);

impl Drop for Admission {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.now -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_counts_until_it_leaves() {
        let clients = Clients::default();
        let watch = clients.watch();
        let (first, second) = (clients.admit(), clients.admit());
        assert_eq!(*watch.borrow(), Count { now: 2, ever: true });
        drop((first, second));
        assert_eq!(*watch.borrow(), Count { now: 0, ever: true });
    }
}
