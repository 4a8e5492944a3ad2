//! `make picture`: the picture in the README, from real output: a plan of the imported CT-scan environment, and the
//! timeline of its phases.

use std::fmt::Write as _;

use acceptance_tests::{CloudOptions, OrFail, Scene, Seed, Terraform, World, workspace};

const PICTURE: &str = ".github/picture.svg";
const STACK: &str = "mlops_stack.ct_scan";
const IMPORT_ID: &str = "dtu-mlops-data-482907/europe-west1/ct-scan";
/// What is changed in the example for the plan: text and replacement.
const CHANGES: [(&str, &str); 2] = [("= var.api.memory", "= \"8Gi\""), ("= var.api.max_instances", "= 25")];

const WIDTH: u32 = 1040;
const MARGIN: u32 = 24;
const LINE: u32 = 19;
const BAR: u32 = 40;
/// More characters do not fit into a line.
const COLUMNS: usize = 124;

fn main() {
    let scene = Scene { name: "picture".to_owned(), terraform: Terraform::preferred().clone() };
    let world = World::new(&scene, Seed::ct_scan(), CloudOptions::default());
    let (plan, timeline) = output(&world);
    let path = workspace().join(PICTURE);
    std::fs::write(&path, picture(&plan, &timeline)).or_fail(format!("write {}", path.display()));
}

/// The coloured plan, and the timeline as SVG.
fn output(world: &World) -> (String, String) {
    let main = &world.main;
    main.copy(&workspace().join("examples/environments/ct-scan"));
    main.write("store.auto.tfvars", &format!("store = \"file://{}\"\n", world.path().join("checkpoints").display()));
    main.write("import.tf", &format!("import {{\n  to = {STACK}\n  id = \"{IMPORT_ID}\"\n}}\n"));
    main.write("picture.tf", "output \"timeline\" {\n  value = data.mlops_phase_report.now.svg\n}\n");
    main.apply(&[]).expect_success();
    let state = main.state();
    let timeline = state.output("timeline").and_then(|svg| svg.as_str()).or_fail("find the timeline").to_owned();
    let mut stack = main.read("main.tf");
    for (from, to) in CHANGES {
        assert!(stack.contains(from), "the example no longer has {from:?}");
        stack = stack.replace(from, to);
    }
    main.write("main.tf", &stack);
    let arguments = ["plan", "-input=false"];
    let run = main.command(&arguments).output().or_fail("run terraform plan");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| line.contains("will be updated")).or_fail("find the change");
    let last = lines.iter().position(|line| line.contains("Plan:")).or_fail("find the plan's last line");
    (lines[first..=last].join("\n"), timeline)
}

/// A piece of a line in one colour.
struct Run {
    class: &'static str,
    text: String,
}

/// A line as a terminal shows it.
fn runs(line: &str) -> Vec<Run> {
    let mut found = Vec::new();
    let (mut class, mut bold) = ("ink", false);
    for (n, part) in line.split("\u{1b}[").enumerate() {
        let (codes, text) = if n == 0 { ("", part) } else { part.split_once('m').unwrap_or(("", part)) };
        for code in codes.split(';') {
            match code {
                "0" => (class, bold) = ("ink", false),
                "1" => bold = true,
                "31" => class = "red",
                "32" => class = "green",
                "33" => class = "yellow",
                "36" => class = "blue",
                "90" => class = "muted",
                _ => {}
            }
        }
        if !text.is_empty() {
            let class = if bold && class == "ink" { "bold" } else { class };
            found.push(Run { class, text: text.to_owned() });
        }
    }
    found
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn terminal(plan: &str) -> (String, u32) {
    let mut svg = String::new();
    let mut y = BAR + LINE;
    let prompt = Run { class: "muted", text: "$ terraform plan".to_owned() };
    let lines = std::iter::once(vec![prompt]).chain(plan.lines().map(runs));
    for line in lines {
        let mut left = COLUMNS;
        let _ = write!(svg, "<text x=\"{MARGIN}\" y=\"{y}\" xml:space=\"preserve\">");
        for run in line {
            let mut shown: String = run.text.chars().take(left).collect();
            left -= shown.chars().count();
            if shown.len() < run.text.len() && !shown.is_empty() {
                shown.push('…');
            }
            let _ = write!(svg, "<tspan class=\"tp-{}\">{}</tspan>", run.class, escape(&shown));
        }
        svg.push_str("</text>\n");
        y += LINE;
    }
    (svg, y + MARGIN - LINE)
}

fn picture(plan: &str, timeline: &str) -> String {
    let (text, height) = terminal(plan);
    let below = height + MARGIN;
    // The timeline says its own height: `height="536"` in its first tag.
    let own: u32 = timeline
        .split_once("height=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .and_then(|(number, _)| number.parse().ok())
        .or_fail("find the timeline's height");
    let timeline = timeline.replacen("<svg ", &format!("<svg y=\"{below}\" "), 1);
    let dots: String =
        (0..3).map(|n| format!("<circle cx=\"{}\" cy=\"20\" r=\"6\" class=\"tp-dot\"/>", 30 + 20 * n)).collect();
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" width="{WIDTH}" height="{total}" role="img" aria-labelledby="tp-title">
<title id="tp-title">A plan that changes one service of an imported environment in place, and the timeline of the environment's phases</title>
<style>
.tp-text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}}
.tp-frame{{fill:#fff;stroke:#d1d9e0}}.tp-dot{{fill:#d1d9e0}}
.tp-ink{{fill:#1f2328}}.tp-bold{{fill:#1f2328;font-weight:600}}.tp-muted{{fill:#59636e}}.tp-green{{fill:#116329}}.tp-yellow{{fill:#7d4e00}}.tp-red{{fill:#cf222e}}.tp-blue{{fill:#0550ae}}
@media (prefers-color-scheme:dark){{.tp-frame{{fill:#0d1117;stroke:#3d444d}}.tp-dot{{fill:#3d444d}}.tp-ink{{fill:#f0f6fc}}.tp-bold{{fill:#f0f6fc}}.tp-muted{{fill:#9198a1}}.tp-green{{fill:#3fb950}}.tp-yellow{{fill:#d29922}}.tp-red{{fill:#f85149}}.tp-blue{{fill:#58a6ff}}}}
</style>
<rect x="0.5" y="0.5" width="{inner}" height="{frame}" rx="8" class="tp-frame"/>
{dots}
<g class="tp-text">
{text}</g>
{timeline}
</svg>
"##,
        total = below + own,
        inner = WIDTH - 1,
        frame = height - 1,
    )
}
