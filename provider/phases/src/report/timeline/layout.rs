//! Labels, bars, arrows and signs with their coordinates. What is written does not overlap: every label has its room, and
//! is shortened to it.

use super::super::inline::flat;
use super::super::{summary, words};
use super::measure::{fit, width};
use super::paint::Paint;
use super::place::Places;
use crate::{Document, Rollout, Status};

/// The picture is this wide.
pub(super) const WIDTH: f64 = 1040.0;
/// Nothing is nearer to the border.
const MARGIN: f64 = 24.0;
/// Where labels of phases begin and end.
const LABELS: (f64, f64) = (62.0, 500.0);
/// Where bars may lie.
const CHART: (f64, f64) = (524.0, 956.0);
/// Where percentages end.
const PERCENT: f64 = WIDTH - MARGIN;
/// Where the marks of the axis are written.
const AXIS: f64 = 112.0;
/// Where rows begin.
const ROWS: f64 = 124.0;
/// How high a row is.
const ROW: f64 = 50.0;
/// How high a bar is.
pub(super) const BAR: f64 = 18.0;

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) height: f64,
    pub(super) title: String,
    pub(super) description: String,
    /// What is behind the rows, and above and below them.
    pub(super) frame: Vec<Shape>,
    pub(super) rows: Vec<Row>,
}

/// What belongs to a phase.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Everything about it, for whoever points at it.
    pub(super) tip: String,
    pub(super) shapes: Vec<Shape>,
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Label(Label),
    Bar(Bar),
    /// The sign of a state around a point.
    Sign {
        x: f64,
        y: f64,
        status: Status,
    },
    /// A line with a head at its end.
    Arrow(Vec<(f64, f64)>),
    Rule {
        from: (f64, f64),
        to: (f64, f64),
    },
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    pub(super) x: f64,
    /// The line that letters stand on.
    pub(super) y: f64,
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) runs: Vec<Run>,
}

/// Which part of a label is at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A piece of a label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) bold: bool,
    pub(super) paint: Paint,
}

/// A bar, filled as far as the work is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) status: Status,
    /// In percent.
    pub(super) progress: u8,
}

impl Bar {
    fn end(&self) -> f64 {
        self.x + self.width
    }

    fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }
}

impl Label {
    /// A label as a shape.
    fn shape(x: f64, y: f64, size: f64, anchor: Anchor, runs: Vec<Run>) -> Shape {
        Shape::Label(Self { x, y, size, anchor, runs })
    }
}

fn run(text: impl Into<String>, bold: bool, paint: Paint) -> Run {
    Run { text: text.into(), bold, paint }
}

impl Layout {
    /// The picture of a rollout.
    pub(super) fn of(rollout: &Rollout) -> Self {
        let phases = rollout.phases();
        let places = Places::of(rollout);
        let bars: Vec<Bar> =
            (0..).zip(phases).zip(&places.phases).map(|((row, phase), place)| bar(row, phase, *place)).collect();
        let end = ROWS + ROW * f64::from(u32::try_from(phases.len()).unwrap_or(u32::MAX));
        let mut frame = header(rollout);
        frame.extend(axis(&places, end, phases.is_empty()));
        frame.extend(bars.iter().skip(1).map(|bar| {
            let y = bar.middle() - ROW / 2.0;
            Shape::Rule { from: (MARGIN, y), to: (PERCENT, y) }
        }));
        frame.extend(arrows(phases, &bars));
        let (legend, height) = legend(end);
        frame.extend(legend);
        Self {
            height,
            title: title(rollout),
            description: description(rollout),
            frame,
            rows: phases.iter().zip(bars).map(|(phase, bar)| row(phase, bar)).collect(),
        }
    }
}

fn title(rollout: &Rollout) -> String {
    let phases = words::count(rollout.phases().len(), "phase");
    match rollout.project_name() {
        Some(project) => format!("{}: timeline of {phases}", flat(project).trim()),
        None => format!("Timeline of {phases}"),
    }
}

fn description(rollout: &Rollout) -> String {
    let mut said = vec![format!("{}, {}% of the whole.", summary::completed(rollout), rollout.progress())];
    said.extend(rollout.phases().iter().map(|phase| format!("{}.", sentence(phase))));
    said.join(" ")
}

/// Everything that the picture tells about a phase.
fn sentence(phase: &Document) -> String {
    let mut said = vec![
        format!("{}: {}", flat(&words::name(phase)).trim(), phase.status.words()),
        format!("{}%", phase.progress()),
    ];
    said.extend(when(phase));
    let noun = if phase.depends_on_phases.len() > 1 { "after phases" } else { "after phase" };
    said.extend(after(phase).map(|text| text.replacen("after", noun, 1)));
    said.join(", ")
}

/// Its dates, or what is said instead of them.
fn when(phase: &Document) -> Option<String> {
    let schedule = || phase.schedule.as_deref().map(|text| flat(text).trim().to_owned());
    words::dates(phase).or_else(schedule).filter(|text| !text.is_empty())
}

/// What it comes after.
fn after(phase: &Document) -> Option<String> {
    let before: Vec<String> = phase.depends_on_phases.iter().map(ToString::to_string).collect();
    (!before.is_empty()).then(|| format!("after {}", before.join(", ")))
}

fn header(rollout: &Rollout) -> Vec<Shape> {
    let name = rollout.project_name().map_or_else(|| "Timeline".to_owned(), |name| flat(name).trim().to_owned());
    let name = fit(&name, 20.0, true, PERCENT - MARGIN);
    let percent = rollout.progress();
    let status = match percent {
        0 => Status::NotStarted,
        100 => Status::Completed,
        _ => Status::InProgress,
    };
    let mut shapes = vec![
        Label::shape(MARGIN, 44.0, 20.0, Anchor::Start, vec![run(name, true, Paint::Ink)]),
        Label::shape(MARGIN, 72.0, 13.0, Anchor::Start, vec![run(summary::completed(rollout), false, Paint::Muted)]),
    ];
    if !rollout.phases().is_empty() {
        shapes.push(Shape::Bar(Bar {
            x: CHART.0,
            y: 60.0,
            width: CHART.1 - CHART.0,
            height: BAR,
            status,
            progress: percent,
        }));
        shapes.push(share(percent, 74.0));
    }
    shapes
}

fn share(percent: u8, y: f64) -> Shape {
    Label::shape(PERCENT, y, 13.0, Anchor::End, vec![run(format!("{percent}%"), true, Paint::Ink)])
}

/// A place on the axis as a coordinate.
fn on_axis(place: f64) -> f64 {
    CHART.0 + place * (CHART.1 - CHART.0)
}

/// Days along the top, each with a line down to `end`, and what the part without days is.
fn axis(places: &Places, end: f64, empty: bool) -> Vec<Shape> {
    let size = 11.0;
    let mut shapes = vec![Shape::Rule { from: (MARGIN, ROWS), to: (PERCENT, ROWS) }];
    if empty {
        let said = vec![run("No phase is recorded yet.", false, Paint::Muted)];
        shapes.push(Label::shape(MARGIN, AXIS, 13.0, Anchor::Start, said));
        return shapes;
    }
    let mut free = MARGIN;
    // The last days may stand over the part without dates, whose own words stand at its end.
    let order = (places.dated < 1.0).then_some(if places.dated > 0.0 { "then in order" } else { "in order" });
    let limit = order.map_or(PERCENT, |words| CHART.1 - width(words, size, false) - 8.0);
    for (day, place) in &places.days {
        let x = on_axis(*place);
        let text = day.to_string();
        let half = width(&text, size, false) / 2.0;
        shapes.push(Shape::Rule { from: (x, ROWS - 6.0), to: (x, end) });
        if x - half >= free && x + half <= limit {
            shapes.push(Label::shape(x, AXIS, size, Anchor::Middle, vec![run(text, false, Paint::Muted)]));
            free = x + half + 6.0;
        }
    }
    if let Some(words) = order {
        shapes.push(Label::shape(CHART.1, AXIS, size, Anchor::End, vec![run(words, false, Paint::Muted)]));
    }
    shapes
}

fn bar(row: u32, phase: &Document, place: (f64, f64)) -> Bar {
    let (start, end) = (on_axis(place.0) + 1.5, on_axis(place.1) - 1.5);
    let width = (end - start).max(8.0);
    // A short one at the end of the axis stays on it.
    let x = start.min(CHART.1 - width);
    let y = ROWS + ROW * f64::from(row) + (ROW - BAR) / 2.0;
    Bar { x, y, width, height: BAR, status: phase.status, progress: phase.progress() }
}

fn row(phase: &Document, bar: Bar) -> Row {
    let middle = bar.middle();
    let room = LABELS.1 - LABELS.0;
    let name = fit(&format!("Phase {}  ", phase.phase), 14.0, true, room / 2.0);
    let title = fit(flat(&phase.title).trim(), 14.0, false, room - width(&name, 14.0, true));
    let state = words::capitalised(phase.status.words());
    let room = room - width(&state, 12.0, true);
    let detail = |text: String| format!("  ·  {text}");
    let (when, after) = (when(phase).map(detail).unwrap_or_default(), after(phase).map(detail).unwrap_or_default());
    // Dates give way first: the bar tells them too.
    let after = fit(&after, 12.0, false, if when.is_empty() { room } else { room / 2.0 });
    let when = fit(&when, 12.0, false, room - width(&after, 12.0, false));
    let details = format!("{when}{after}");
    let names = vec![run(name, true, Paint::Ink), run(title, false, Paint::Ink)];
    let facts = vec![run(state, true, Paint::State(phase.status)), run(details, false, Paint::Muted)];
    Row {
        tip: sentence(phase),
        shapes: vec![
            Shape::Sign { x: MARGIN + 14.0, y: middle, status: phase.status },
            Label::shape(LABELS.0, middle - 4.0, 14.0, Anchor::Start, names),
            Label::shape(LABELS.0, middle + 15.0, 12.0, Anchor::Start, facts),
            Shape::Bar(bar),
            share(bar.progress, middle + 4.5),
        ],
    }
}

/// An arrow from every phase to those that come after it.
fn arrows(phases: &[Document], bars: &[Bar]) -> Vec<Shape> {
    let mut arrows = Vec::new();
    for (phase, to) in phases.iter().zip(bars) {
        let before = phases.iter().zip(bars).filter(|(other, _)| phase.depends_on_phases.contains(&other.phase));
        arrows.extend(
            before.filter(|(other, _)| other.phase != phase.phase).map(|(_, from)| Shape::Arrow(arrow(from, to))),
        );
    }
    arrows
}

/// The way from the end of one bar to another: into its beginning if that lies further on, else into its side.
fn arrow(from: &Bar, to: &Bar) -> Vec<(f64, f64)> {
    let down = if to.y > from.y { 1.0 } else { -1.0 };
    let x = from.end() - (from.width / 2.0).min(8.0);
    let leave = from.middle() + down * BAR / 2.0;
    let enter = to.middle() - down * (BAR / 2.0 + 1.0);
    if to.x >= x + 7.0 {
        vec![(x, leave), (x, to.middle()), (to.x - 1.0, to.middle())]
    } else if to.end() >= x + 3.0 {
        vec![(x, leave), (x, enter)]
    } else {
        let between = to.middle() - down * (ROW / 2.0 - 2.0);
        let into = to.end() - (to.width / 2.0).min(8.0);
        vec![(x, leave), (x, between), (into, between), (into, enter)]
    }
}

/// What the signs mean, and where the picture ends.
fn legend(top: f64) -> (Vec<Shape>, f64) {
    let (size, sign, swatch, gap) = (12.0, 24.0, 34.0, 26.0);
    let mut shapes = vec![Shape::Rule { from: (MARGIN, top), to: (PERCENT, top) }];
    let (mut x, mut y) = (MARGIN, top + 32.0);
    let states = Status::ALL.iter().rev().map(|status| (Some(*status), words::capitalised(status.words())));
    for (status, text) in states.chain([(None, "Comes after".to_owned())]) {
        let lead = if status.is_some() { sign + swatch } else { swatch };
        let wide = lead + 6.0 + width(&text, size, false);
        if x > MARGIN && x + wide > PERCENT {
            (x, y) = (MARGIN, y + 30.0);
        }
        match status {
            Some(status) => {
                let progress = match status {
                    Status::Completed => 100,
                    Status::InProgress => 50,
                    _ => 0,
                };
                shapes.push(Shape::Sign { x: x + 9.0, y, status });
                let bar = Bar { x: x + sign, y: y - 6.0, width: swatch, height: 12.0, status, progress };
                shapes.push(Shape::Bar(bar));
            }
            None => shapes.push(Shape::Arrow(vec![(x, y - 7.0), (x, y), (x + swatch - 4.0, y)])),
        }
        let said = vec![run(text, false, Paint::Muted)];
        shapes.push(Label::shape(x + lead + 6.0, y + 4.0, size, Anchor::Start, said));
        x += wide + gap;
    }
    (shapes, y + 30.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::hostile::hostile;
    use super::super::super::sample;
    use super::*;

    /// Left, top, right, bottom.
    type Area = (f64, f64, f64, f64);

    fn label_area(label: &Label) -> Area {
        let wide: f64 = label.runs.iter().map(|run| width(&run.text, label.size, run.bold)).sum();
        let left = match label.anchor {
            Anchor::Start => label.x,
            Anchor::Middle => label.x - wide / 2.0,
            Anchor::End => label.x - wide,
        };
        (left, label.y - label.size * 0.8, left + wide, label.y + label.size * 0.25)
    }

    fn areas(shape: &Shape) -> Vec<Area> {
        match shape {
            Shape::Label(label) => vec![label_area(label)],
            Shape::Bar(bar) => vec![(bar.x, bar.y, bar.end(), bar.y + bar.height)],
            Shape::Sign { x, y, .. } => vec![(x - 9.0, y - 9.0, x + 9.0, y + 9.0)],
            Shape::Arrow(points) => {
                let line = |pair: &[(f64, f64)]| {
                    let ((x1, y1), (x2, y2)) = (pair[0], pair[1]);
                    (x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2))
                };
                points.windows(2).map(line).collect()
            }
            // Lines of the frame run between rows, or down from the days.
            Shape::Rule { .. } => Vec::new(),
        }
    }

    fn overlap(one: Area, other: Area) -> bool {
        one.0 < other.2 && other.0 < one.2 && one.1 < other.3 && other.1 < one.3
    }

    fn shapes(layout: &Layout) -> Vec<&Shape> {
        layout.frame.iter().chain(layout.rows.iter().flat_map(|row| &row.shapes)).collect()
    }

    fn check(layout: &Layout) {
        let shapes = shapes(layout);
        for (index, shape) in shapes.iter().enumerate() {
            for area in areas(shape) {
                assert!(
                    area.0 >= 0.0 && area.1 >= 0.0 && area.2 <= WIDTH && area.3 <= layout.height,
                    "{shape:?} leaves the picture"
                );
            }
            let Shape::Label(label) = shape else { continue };
            for (other_index, other) in shapes.iter().enumerate().filter(|(other, _)| *other != index) {
                let clash = areas(other).into_iter().find(|area| overlap(label_area(label), *area));
                assert!(clash.is_none(), "{label:?} ({index}) lies over {other:?} ({other_index})");
            }
        }
    }

    /// Title, status, days from a first one and how many, numbers of phases before it, schedule, steps.
    type Facts = (String, Status, Option<(u16, u16)>, Vec<usize>, Option<String>, Vec<bool>);

    fn phase() -> impl Strategy<Value = Facts> {
        (
            hostile(),
            prop::sample::select(Status::ALL.to_vec()),
            prop::option::of((0..900_u16, 0..300_u16)),
            prop::collection::vec(0..40_usize, 0..12),
            prop::option::of("[A-Za-z0-9 -]{0,60}"),
            prop::collection::vec(any::<bool>(), 0..5),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_overlaps_nothing(phases in prop::collection::vec(phase(), 0..41)) {
            let documents = (1..).zip(phases).map(|(number, (title, status, dates, after, schedule, steps))| {
                let mut phase = Document::new(sample::id(&number.to_string()), title);
                phase.status = status;
                phase.schedule = schedule;
                phase.depends_on_phases = after.iter().map(|other| sample::id(&other.to_string())).collect();
                phase.steps = steps.into_iter().map(|done| crate::document::Step { done, ..Default::default() }).collect();
                let day = |days: u16| {
                    let day = jiff::civil::date(2026, 1, 1) + jiff::Span::new().days(i64::from(days));
                    sample::at(&day.to_string())
                };
                phase.started_at = dates.map(|(start, _)| day(start));
                phase.completed_at =
                    dates.filter(|_| status == Status::Completed).map(|(start, length)| day(start + length));
                phase
            });
            check(&Layout::of(&Rollout::new(documents.collect())));
        }
    }

    #[test]
    fn phases_that_come_after_another_have_an_arrow_from_it() {
        let rollout = sample::rollout();
        let layout = Layout::of(&rollout);
        let arrows = layout.frame.iter().filter(|shape| matches!(shape, Shape::Arrow(_))).count();
        let dependencies: usize = rollout.phases().iter().map(|phase| phase.depends_on_phases.len()).sum();
        // One more stands in the legend.
        assert_eq!(arrows, dependencies + 1);
    }
}
