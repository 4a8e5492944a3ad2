//! Places in a text as the lines that an editor shows.

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of the byte at `offset`, from 1.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_after_its_line_feed() {
        let lines = Lines::of("a\r\nb\n");
        assert_eq!([0, 2, 3, 4, 5].map(|offset| lines.at(offset)), [1, 1, 2, 2, 3]);
    }
}
