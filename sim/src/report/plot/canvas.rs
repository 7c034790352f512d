use std::sync::Once;

use anyhow::anyhow;
use plotters::{
    coord::Shift,
    prelude::*,
    style::{FontStyle, register_font},
};

/// The format of a plot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Picture {
    /// Scalable, as text.
    Svg,
    /// Pixels.
    Png,
}

/// Something that can be drawn on any backend.
pub(in crate::report) trait Drawing {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it.
    fn draw<B: DrawingBackend>(&self, area: &DrawingArea<B, Shift>) -> Result<(), String>;
}

/// Text that is not meant to stand out.
pub(in crate::report) const MUTED: RGBColor = RGBColor(95, 99, 104);
/// Lines that help to read a value.
pub(in crate::report) const GRID: RGBColor = RGBColor(228, 230, 233);

/// The colours of Okabe and Ito, which colour-blind readers tell apart; they repeat dashed.
pub(in crate::report) const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(90, 90, 90),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
];

/// Renders a drawing.
pub(in crate::report) fn render(
    drawing: &impl Drawing,
    picture: Picture,
) -> anyhow::Result<Vec<u8>> {
    register();
    match picture {
        Picture::Svg => svg(drawing),
        Picture::Png => png(drawing),
    }
}

fn svg(drawing: &impl Drawing) -> anyhow::Result<Vec<u8>> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, drawing.size()).into_drawing_area();
        drawing.draw(&area).map_err(|err| anyhow!(err))?;
        area.present()?;
    }
    Ok(text.into_bytes())
}

fn png(drawing: &impl Drawing) -> anyhow::Result<Vec<u8>> {
    let (width, height) = drawing.size();
    let mut pixels = vec![0; width as usize * height as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        drawing.draw(&area).map_err(|err| anyhow!(err))?;
        area.present()?;
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(bytes)
}

/// Makes the built-in font known to the plotting library, once per process.
fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let font = include_bytes!("../../../assets/DejaVuSans-subset.ttf");
        for style in [FontStyle::Normal, FontStyle::Bold] {
            // A font that does not parse shows as a failure to draw any text.
            let _ = register_font("sans-serif", style, font);
        }
    });
}

/// A text style.
pub(in crate::report) fn text<'a>(size: u32, colour: RGBColor) -> TextStyle<'a> {
    ("sans-serif", size).into_font().color(&colour)
}

/// Turns the error of any backend into a text.
pub(in crate::report) fn explain(err: impl std::error::Error) -> String {
    err.to_string()
}

/// At most so many characters of a name.
pub(in crate::report) fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
