//! Line charts over a logarithmic axis, as SVG. Proportional growth is a horizontal line.

use plotters::prelude::*;

use super::error::Error;
use super::files::{root, write};

pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) name: String,
    /// Points sorted by `x`; all lines have the same values of `x`.
    pub(super) points: Vec<(f64, f64)>,
}

const SIZE: (u32, u32) = (680, 320);
const PALETTE: [RGBColor; 4] = [
    RGBColor(0x1f, 0x77, 0xb4),
    RGBColor(0xd9, 0x5f, 0x02),
    RGBColor(0x66, 0x66, 0x66),
    RGBColor(0x2c, 0xa0, 0x2c),
];

/// Writes the chart into the documentation.
pub(super) fn save(name: &str, chart: &Chart) -> Result<(), Error> {
    let path = format!("docs/performance/{name}.svg");
    let svg = chart.svg().map_err(|error| Error::new(format!("{path}: {error}")))?;
    write(&root().join(&path), &svg)?;
    println!("wrote {path}");
    for line in &chart.lines {
        if let Some((from, to, ratio)) = line.growth() {
            println!("| {} | {} | {from:.0} to {to:.0} | {ratio:.2} |", chart.title, line.name);
        }
    }
    Ok(())
}

impl Line {
    /// Returns the first and the last `x`, and the ratio of the figure from one doubling of `x` to the next, as the mean of
    /// all doublings: 1 if the cost is proportional.
    fn growth(&self) -> Option<(f64, f64, f64)> {
        let ((from, first), (to, last)) = (*self.points.first()?, *self.points.last()?);
        let doublings = (to / from).log2();
        let ratio = (last / first).powf(1.0 / doublings);
        (doublings > 0.0 && ratio.is_finite()).then_some((from, to, ratio))
    }
}

impl Chart {
    fn svg(&self) -> Result<String, Box<dyn std::error::Error>> {
        let points = || self.lines.iter().flat_map(|line| &line.points);
        let min_x = points().map(|point| point.0).fold(f64::INFINITY, f64::min).min(1e9);
        let max_x = points().map(|point| point.0).fold(min_x * 2.0, f64::max);
        let max_y = points().map(|point| point.1).fold(1.0, f64::max) * 1.1;
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            area.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&area)
                .caption(self.title, ("sans-serif", 14))
                .margin(12)
                .x_label_area_size(28)
                .y_label_area_size(52)
                .build_cartesian_2d((min_x..max_x).log_scale().base(2.0), 0.0..max_y)?;
            chart
                .configure_mesh()
                .disable_x_mesh()
                .light_line_style(WHITE)
                .x_label_formatter(&|x| format!("{x:.0}"))
                .y_label_formatter(&|y| format!("{y:.0}"))
                .draw()?;
            for (line, style) in self.lines.iter().zip(PALETTE) {
                chart
                    .draw_series(LineSeries::new(line.points.clone(), style.stroke_width(2)))?
                    .label(&line.name)
                    .legend(move |at| Circle::new(at, 3, style.filled()));
            }
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::LowerLeft)
                .background_style(WHITE)
                .draw()?;
            area.present()?;
        }
        Ok(svg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_the_mean_ratio_of_a_doubling() {
        let line = |points: &[(f64, f64)]| Line { name: String::new(), points: points.to_vec() };
        let (from, to, ratio) =
            line(&[(1.0, 10.0), (2.0, 99.0), (4.0, 40.0)]).growth().unwrap_or_default();
        assert!((from, to) == (1.0, 4.0) && (ratio - 2.0).abs() < 1e-9, "{from} {to} {ratio}");
        assert!(line(&[(1.0, 10.0)]).growth().is_none() && line(&[]).growth().is_none());
    }

    #[test]
    fn charts_contain_title_and_names_of_lines() {
        let points = (0..5).map(|doublings| (f64::from(1 << doublings), 40.0)).collect();
        let lines = vec![
            Line { name: "ours".to_owned(), points },
            Line { name: "reqwest".to_owned(), points: Vec::new() },
        ];
        let svg = Chart { title: "CPU time of a call, µs", lines }.svg().unwrap();
        for text in ["CPU time of a call, µs", "ours", "reqwest", "<polyline", "16"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(Chart { title: "", lines: Vec::new() }.svg().is_ok());
    }
}
