//! A layout as SVG. Colours are in attributes for light pages, and a style sheet changes them on dark ones, so that
//! readers who ignore style sheets still see the picture.

use std::fmt::Write as _;

use super::layout::{Anchor, BAR, Bar, Label, Layout, Row, Shape, WIDTH};
use super::paint::Paint;
use crate::Status;

/// What letters are drawn with: whatever sans-serif font the reader's system prefers.
const FONTS: &str = "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif";

/// The image.
pub(super) fn svg(layout: &Layout) -> String {
    let height = number(layout.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"mt-title mt-description\" font-family=\"{FONTS}\">\n"
    );
    let _ = writeln!(out, "<title id=\"mt-title\">{}</title>", escaped(&layout.title));
    let _ = writeln!(out, "<desc id=\"mt-description\">{}</desc>", escaped(&layout.description));
    out.push_str(&style());
    out.push_str(&patterns());
    let _ = writeln!(
        out,
        "<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" {}/>",
        number(WIDTH - 1.0),
        number(layout.height - 1.0),
        both(Paint::Ground, Paint::Line),
    );
    for item in &layout.frame {
        shape(&mut out, item);
    }
    for row in &layout.rows {
        write_row(&mut out, row);
    }
    out.push_str("</svg>\n");
    out
}

/// The colours of dark pages.
fn style() -> String {
    let mut rules = String::new();
    for paint in Paint::ALL {
        let (class, dark) = (paint.class(), paint.dark());
        let _ = write!(rules, ".{class}-fill{{fill:{dark}}}.{class}-stroke{{stroke:{dark}}}");
    }
    format!("<style>@media (prefers-color-scheme:dark){{{rules}}}</style>\n")
}

/// What tells bars apart without colours: stripes for work under way, a grid for what is blocked.
fn patterns() -> String {
    let pattern = |status: Status, size: u8, path: &str| {
        format!(
            "<pattern id=\"{}\" width=\"{size}\" height=\"{size}\" patternUnits=\"userSpaceOnUse\">\
             <path d=\"{path}\" fill=\"none\" {}/></pattern>",
            pattern_id(status),
            stroke(Paint::State(status)),
        )
    };
    format!(
        "<defs>{}{}</defs>\n",
        pattern(Status::InProgress, 6, "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2"),
        pattern(Status::Blocked, 6, "M0,0 l6,6 M0,6 l6,-6"),
    )
}

fn pattern_id(status: Status) -> &'static str {
    if status == Status::Blocked { "mt-grid" } else { "mt-stripes" }
}

fn write_row(out: &mut String, row: &Row) {
    let _ = writeln!(out, "<g><title>{}</title>", escaped(&row.tip));
    for item in &row.shapes {
        shape(out, item);
    }
    out.push_str("</g>\n");
}

fn shape(out: &mut String, shape: &Shape) {
    match shape {
        Shape::Label(label) => write_label(out, label),
        Shape::Bar(bar) => write_bar(out, *bar),
        Shape::Sign { x, y, status } => write_sign(out, *x, *y, *status),
        Shape::Arrow(points) => write_arrow(out, points),
        Shape::Rule { from, to } => {
            let d = path(&[*from, *to]);
            let _ = writeln!(out, "<path d=\"{d}\" fill=\"none\" {}/>", stroke(Paint::Line));
        }
    }
}

fn write_label(out: &mut String, label: &Label) {
    let anchor = match label.anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let (x, y, size) = (number(label.x), number(label.y), number(label.size));
    let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\"{anchor} xml:space=\"preserve\">");
    for run in &label.runs {
        let weight = if run.bold { " font-weight=\"600\"" } else { "" };
        let _ = write!(out, "<tspan{weight} {}>{}</tspan>", fill(run.paint), escaped(&run.text));
    }
    out.push_str("</text>\n");
}

fn write_bar(out: &mut String, bar: Bar) {
    let paint = Paint::State(bar.status);
    let radius = number((bar.height * 5.0 / BAR).min(bar.width / 2.0));
    let (x, y, width, height) = (number(bar.x), number(bar.y), number(bar.width), number(bar.height));
    let place = format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"");
    // What lies behind a bar, such as an arrow, does not show through it.
    let _ = writeln!(out, "<rect {place} {}/>", fill(Paint::Ground));
    if matches!(bar.status, Status::InProgress | Status::Blocked) {
        let _ = writeln!(out, "<rect {place} fill=\"url(#{})\"/>", pattern_id(bar.status));
    }
    let done = number(bar.width * f64::from(bar.progress) / 100.0);
    if bar.progress > 0 {
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{done}\" height=\"{height}\" rx=\"{radius}\" {}/>",
            fill(paint)
        );
    }
    let border = match bar.status {
        Status::NotStarted => " stroke-dasharray=\"4 3\"",
        Status::Blocked => " stroke-width=\"2.5\"",
        _ => " stroke-width=\"1.5\"",
    };
    let _ = writeln!(out, "<rect {place} fill=\"none\"{border} {}/>", stroke(paint));
}

/// A tick, a half moon, a triangle, a stop sign, an empty ring.
fn write_sign(out: &mut String, x: f64, y: f64, status: Status) {
    let paint = Paint::State(status);
    let (solid, light) = (fill(paint), stroke(Paint::Ground));
    let (x, y) = (number(x), number(y));
    let ring = format!("<circle r=\"8\" stroke-width=\"2\" {}/>", both(Paint::Ground, paint));
    let inner = match status {
        Status::Completed => format!(
            "<circle r=\"9\" {solid}/><path d=\"M-4,0.5 l3,3 l5.5,-6.5\" fill=\"none\" stroke-width=\"2\" stroke-linecap=\"round\" stroke-linejoin=\"round\" {light}/>"
        ),
        Status::InProgress => format!("{ring}<path d=\"M0,-5 a5,5 0 0 1 0,10 z\" {solid}/>"),
        Status::Ready => format!("{ring}<path d=\"M-2.5,-4 l6.5,4 l-6.5,4 z\" {solid}/>"),
        Status::Blocked => format!(
            "<path d=\"M-3.7,-9 h7.4 l5.3,5.3 v7.4 l-5.3,5.3 h-7.4 l-5.3,-5.3 v-7.4 z\" {solid}/><path d=\"M-4.5,0 h9\" fill=\"none\" stroke-width=\"2.5\" {light}/>"
        ),
        Status::NotStarted => {
            format!("<circle r=\"8\" fill=\"none\" stroke-width=\"1.5\" stroke-dasharray=\"3 2.5\" {}/>", stroke(paint))
        }
    };
    let _ = writeln!(out, "<g transform=\"translate({x} {y})\">{inner}</g>");
}

fn write_arrow(out: &mut String, points: &[(f64, f64)]) {
    let [.., before, (x, y)] = points else { return };
    let (dx, dy) = ((x - before.0).signum(), (y - before.1).signum());
    // The last piece runs along one axis; the head lies across the other.
    let head = if (x - before.0).abs() > (y - before.1).abs() {
        [(*x, *y), (x - dx * 6.0, y - 3.5), (x - dx * 6.0, y + 3.5)]
    } else {
        [(*x, *y), (x - 3.5, y - dy * 6.0), (x + 3.5, y - dy * 6.0)]
    };
    let _ = writeln!(out, "<path d=\"{}\" fill=\"none\" stroke-width=\"1.5\" {}/>", path(points), stroke(Paint::Arrow));
    let _ = writeln!(out, "<path d=\"{} z\" {}/>", path(&head), fill(Paint::Arrow));
}

fn path(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{},{}", number(*x), number(*y))).collect();
    format!("M{}", points.join(" L"))
}

fn fill(paint: Paint) -> String {
    format!("class=\"{}-fill\" fill=\"{}\"", paint.class(), paint.light())
}

fn stroke(paint: Paint) -> String {
    format!("class=\"{}-stroke\" stroke=\"{}\"", paint.class(), paint.light())
}

fn both(inside: Paint, border: Paint) -> String {
    let (fill, stroke) = (inside.class(), border.class());
    format!("class=\"{fill}-fill {stroke}-stroke\" fill=\"{}\" stroke=\"{}\"", inside.light(), border.light())
}

/// A coordinate, to a tenth.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A text as XML. Characters that XML forbids are gone already: see `inline::flat`.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
