//! Lines over a doubling, as SVG: what grows in proportion is level.

use std::fmt::Write as _;

use crate::error::Error;
use crate::files::{root, shown, write};

pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) name: String,
    /// From left to right; the same places in each line.
    pub(super) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 680.0;
const HEIGHT: f64 = 320.0;
/// Left of the axis, and under it.
const MARGIN: f64 = 48.0;
/// Where names of lines stand.
const NAMES: f64 = 150.0;
const TOP: f64 = 40.0;
const COLOURS: [&str; 4] = ["#1f77b4", "#d95f02", "#666666", "#2ca02c"];

/// Writes it where the documentation shows it.
pub(super) fn save(name: &str, chart: &Chart) -> Result<(), Error> {
    let path = root().join(format!("docs/performance/{name}.svg"));
    write(&path, &chart.svg())?;
    println!("wrote {}", shown(&path));
    Ok(())
}

impl Chart {
    pub(super) fn svg(&self) -> String {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let least = points().map(|point| point.0.log2()).fold(f64::INFINITY, f64::min);
        let most = points().map(|point| point.0.log2()).fold(least, f64::max);
        let step = round_step(points().map(|point| point.1).fold(1.0, f64::max) / 4.0);
        let highest = step * 4.0;
        let x = |value: f64| {
            let part = (value.log2() - least) / (most - least).max(1.0);
            MARGIN + part * (WIDTH - MARGIN - NAMES)
        };
        let y = |value: f64| HEIGHT - MARGIN - value / highest * (HEIGHT - MARGIN - TOP);

        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
        );
        let text = |svg: &mut String, x: f64, y: f64, anchor: &str, text: &str| {
            // Writing to a text does not fail.
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
            );
        };
        text(&mut svg, MARGIN, TOP / 2.0, "start", self.title);
        let right = WIDTH - NAMES;
        for value in (0..=4).map(|count| step * f64::from(count)) {
            let _ = writeln!(
                svg,
                "<line x1=\"{MARGIN}\" x2=\"{right}\" y1=\"{0:.1}\" y2=\"{0:.1}\" stroke=\"#ddd\"/>",
                y(value)
            );
            text(&mut svg, MARGIN - 6.0, y(value) + 4.0, "end", &format!("{value:.0}"));
        }
        for (value, _) in self.lines.iter().take(1).flat_map(|line| &line.points) {
            text(&mut svg, x(*value), HEIGHT - MARGIN + 18.0, "middle", &value.to_string());
        }
        let mut free = HEIGHT;
        let mut lines: Vec<_> = self.lines.iter().zip(COLOURS).collect();
        // Names from the lowest line up, none over another.
        lines.sort_by(|(a, _), (b, _)| a.last().total_cmp(&b.last()));
        for (line, driver) in lines {
            let places: Vec<String> =
                line.points.iter().map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b))).collect();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{driver}\" stroke-width=\"2\"/>",
                places.join(" ")
            );
            free = (y(line.last()) + 4.0).min(free - 14.0);
            text(&mut svg, right + 8.0, free, "start", &line.name);
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{driver}\"/>",
                right + 4.0,
                free - 4.0
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// The next number of which people count in multiples.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5];
    steps.map(|step| step * power).into_iter().find(|step| *step >= least).unwrap_or(power * 10.0)
}

impl Line {
    fn last(&self) -> f64 {
        self.points.last().map_or(0.0, |point| point.1)
    }
}
