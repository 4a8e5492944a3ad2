//! Colours, by what they are for: one for light backgrounds and one for dark ones.

use crate::Status;

/// What something is painted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    /// Behind everything.
    Ground,
    /// The frame and the lines of the axis.
    Line,
    /// Arrows.
    Arrow,
    /// Titles.
    Ink,
    /// What is less important.
    Muted,
    /// A state: its sign, its word, its bar.
    State(Status),
}

impl Paint {
    /// All of them.
    pub(super) const ALL: [Self; 10] = [
        Self::Ground,
        Self::Line,
        Self::Arrow,
        Self::Ink,
        Self::Muted,
        Self::State(Status::NotStarted),
        Self::State(Status::Ready),
        Self::State(Status::InProgress),
        Self::State(Status::Blocked),
        Self::State(Status::Completed),
    ];

    /// The name of its class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Ground => "mt-ground",
            Self::Line => "mt-line",
            Self::Arrow => "mt-arrow",
            Self::Ink => "mt-ink",
            Self::Muted => "mt-muted",
            Self::State(Status::NotStarted) => "mt-not-started",
            Self::State(Status::Ready) => "mt-ready",
            Self::State(Status::InProgress) => "mt-in-progress",
            Self::State(Status::Blocked) => "mt-blocked",
            Self::State(Status::Completed) => "mt-completed",
        }
    }

    /// The colour on a light page, which is also the one where styles are ignored.
    pub(super) fn light(self) -> &'static str {
        match self {
            Self::Ground => "#ffffff",
            Self::Line => "#d1d9e0",
            Self::Arrow => "#818b98",
            Self::Ink => "#1f2328",
            Self::Muted => "#59636e",
            Self::State(Status::NotStarted) => "#59636e",
            Self::State(Status::Ready) => "#8250df",
            Self::State(Status::InProgress) => "#0969da",
            Self::State(Status::Blocked) => "#cf222e",
            Self::State(Status::Completed) => "#1a7f37",
        }
    }

    /// The colour on a dark page.
    pub(super) fn dark(self) -> &'static str {
        match self {
            Self::Ground => "#0d1117",
            Self::Line => "#3d444d",
            Self::Arrow => "#7d8590",
            Self::Ink => "#f0f6fc",
            Self::Muted => "#9198a1",
            Self::State(Status::NotStarted) => "#9198a1",
            Self::State(Status::Ready) => "#ab7df8",
            Self::State(Status::InProgress) => "#4493f8",
            Self::State(Status::Blocked) => "#f85149",
            Self::State(Status::Completed) => "#3fb950",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of WCAG 2.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn least(paint: Paint) -> f64 {
        match paint {
            // Decoration: nothing is told by it alone.
            Paint::Ground | Paint::Line => 1.0,
            // WCAG 2 AA for what is no text.
            Paint::Arrow => 3.0,
            // WCAG 2 AA for text.
            Paint::Ink | Paint::Muted | Paint::State(_) => 4.5,
        }
    }

    #[test]
    fn everything_that_is_read_stands_out_from_the_ground() {
        for paint in Paint::ALL {
            let light = contrast(paint.light(), Paint::Ground.light());
            let dark = contrast(paint.dark(), Paint::Ground.dark());
            assert!(light >= least(paint), "{paint:?} on light: {light:.2}");
            assert!(dark >= least(paint), "{paint:?} on dark: {dark:.2}");
        }
    }

    #[test]
    fn black_on_white_has_the_highest_contrast() {
        assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
    }
}
