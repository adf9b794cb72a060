//! Writer of a PDF document with pages of text in one embedded font.

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Str, TextStr};
use ttf_parser::Face;

/// Font of all text. `assets/README.md` describes it.
static FONT: &[u8] = include_bytes!("../../assets/contract.ttf");

/// Replacement of a character that the font lacks.
const MISSING: char = '□';

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 72.0;

/// Line of text with its font size in points.
pub(super) struct Line {
    pub(super) size: f32,
    pub(super) text: String,
}

const FONT_NAME: Name<'static> = Name(b"F1");
const BASE_FONT: Name<'static> = Name(b"EMULAT+NotoSansCJKsc-Regular");
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Object numbers: 1 to 9, then two per page.
mod id {
    use pdf_writer::Ref;

    pub(super) const CATALOG: Ref = Ref::new(1);
    pub(super) const PAGES: Ref = Ref::new(2);
    pub(super) const FONT: Ref = Ref::new(3);
    pub(super) const CID_FONT: Ref = Ref::new(4);
    pub(super) const DESCRIPTOR: Ref = Ref::new(5);
    pub(super) const CMAP: Ref = Ref::new(6);
    pub(super) const FONT_FILE: Ref = Ref::new(7);
    pub(super) const INFO: Ref = Ref::new(8);
    pub(super) const PADDING: Ref = Ref::new(9);

    pub(super) fn page(index: usize) -> (Ref, Ref) {
        let first = 10 + 2 * i32::try_from(index).unwrap_or_default();
        (Ref::new(first), Ref::new(first + 1))
    }
}

/// Document that is being written.
pub(super) struct Document {
    face: Face<'static>,
    /// Used glyphs, each with the first character that it displays.
    used: BTreeMap<u16, char>,
}

impl Document {
    /// Returns an empty document; `None` if the font cannot be parsed.
    pub(super) fn new() -> Option<Self> {
        Some(Self { face: Face::parse(FONT, 0).ok()?, used: BTreeMap::new() })
    }

    /// Writes the document, padded to at least `min_bytes` bytes.
    pub(super) fn write(mut self, title: &str, pages: &[Vec<Line>], min_bytes: usize) -> Vec<u8> {
        // The capacity is for the whole file: growing would double the memory.
        let mut pdf =
            Pdf::with_capacity(min_bytes.saturating_add(FONT.len()).saturating_add(16 << 10));
        pdf.catalog(id::CATALOG).pages(id::PAGES);
        let kids = (0..pages.len()).map(|index| id::page(index).0);
        pdf.pages(id::PAGES).kids(kids).count(i32::try_from(pages.len()).unwrap_or_default());
        pdf.document_info(id::INFO).title(TextStr(title)).producer(TextStr("essbasic-emulator"));
        for (index, lines) in pages.iter().enumerate() {
            let (page_id, content_id) = id::page(index);
            let footer = format!("第 {} 页，共 {} 页", index + 1, pages.len());
            let content = self.page(lines, &footer);
            let mut page = pdf.page(page_id);
            page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT));
            page.parent(id::PAGES);
            page.contents(content_id);
            page.resources().fonts().pair(FONT_NAME, id::FONT);
            page.finish();
            pdf.stream(content_id, &content);
        }
        self.embed_font(&mut pdf);
        // The table at the end of the file is longer than 256 bytes.
        let padding = min_bytes.saturating_sub(pdf.len() + 256);
        if padding > 0 {
            pdf.stream(id::PADDING, &padding_bytes(title, padding));
        }
        pdf.finish()
    }

    fn page(&mut self, lines: &[Line], footer: &str) -> Vec<u8> {
        let mut content = Content::new();
        let mut y = HEIGHT - MARGIN;
        for line in lines {
            for text in self.wrap(line) {
                y -= line.size * 1.6;
                if y > MARGIN {
                    self.show(&mut content, MARGIN, y, line.size, &text);
                }
            }
        }
        self.show(&mut content, WIDTH / 2.0 - 40.0, MARGIN / 2.0, 9.0, footer);
        content.finish().to_vec()
    }

    fn show(&mut self, content: &mut Content, x: f32, y: f32, size: f32, text: &str) {
        let codes: Vec<u8> = text.chars().flat_map(|c| self.glyph(c).to_be_bytes()).collect();
        content.begin_text();
        content.set_font(FONT_NAME, size);
        content.next_line(x, y);
        content.show(Str(&codes));
        content.end_text();
    }

    /// Breaks a line at the page width, between any two characters as usual in Chinese.
    fn wrap(&mut self, line: &Line) -> Vec<String> {
        let mut wrapped = vec![String::new()];
        let mut x = 0.0;
        for c in line.text.chars() {
            let glyph = self.glyph(c);
            let advance = self.advance(glyph) * line.size / 1000.0;
            if x + advance > WIDTH - 2.0 * MARGIN {
                wrapped.push(String::new());
                x = 0.0;
            }
            x += advance;
            if let Some(last) = wrapped.last_mut() {
                last.push(c);
            }
        }
        wrapped
    }

    fn glyph(&mut self, c: char) -> u16 {
        let (glyph, shown) = match self.face.glyph_index(c) {
            Some(glyph) => (glyph.0, c),
            None => (self.face.glyph_index(MISSING).map_or(0, |glyph| glyph.0), MISSING),
        };
        self.used.entry(glyph).or_insert(shown);
        glyph
    }

    /// Returns the advance width in thousandths of the font size, the unit of PDF.
    fn advance(&self, glyph: u16) -> f32 {
        let units = self.face.glyph_hor_advance(ttf_parser::GlyphId(glyph)).unwrap_or(1000);
        f32::from(units) * 1000.0 / f32::from(self.face.units_per_em())
    }

    fn embed_font(&self, pdf: &mut Pdf) {
        pdf.type0_font(id::FONT)
            .base_font(BASE_FONT)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(id::CID_FONT)
            .to_unicode(id::CMAP);
        let mut cid = pdf.cid_font(id::CID_FONT);
        cid.subtype(CidFontType::Type2);
        cid.base_font(BASE_FONT);
        cid.system_info(SYSTEM);
        cid.font_descriptor(id::DESCRIPTOR);
        cid.default_width(1000.0);
        cid.cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = cid.widths();
        for &glyph in self.used.keys() {
            widths.consecutive(glyph, [self.advance(glyph)]);
        }
        widths.finish();
        cid.finish();

        let scale = |units: i16| f32::from(units) * 1000.0 / f32::from(self.face.units_per_em());
        let bbox = self.face.global_bounding_box();
        pdf.font_descriptor(id::DESCRIPTOR)
            .name(BASE_FONT)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(
                scale(bbox.x_min),
                scale(bbox.y_min),
                scale(bbox.x_max),
                scale(bbox.y_max),
            ))
            .italic_angle(0.0)
            .ascent(scale(self.face.ascender()))
            .descent(scale(self.face.descender()))
            .cap_height(scale(self.face.capital_height().unwrap_or(733)))
            .stem_v(80.0)
            .font_file2(id::FONT_FILE);

        let mut cmap = UnicodeCmap::new(Name(b"Contract"), SYSTEM);
        for (&glyph, &c) in &self.used {
            cmap.pair(glyph, c);
        }
        pdf.cmap(id::CMAP, &cmap.finish());
        let length = i32::try_from(FONT.len()).unwrap_or_default();
        pdf.stream(id::FONT_FILE, FONT).pair(Name(b"Length1"), length);
    }
}

/// Returns incompressible bytes that depend on the title only.
fn padding_bytes(title: &str, length: usize) -> Vec<u8> {
    let seed = title.bytes().fold(0_u64, |hash, b| hash.wrapping_mul(31).wrapping_add(b.into()));
    let mut bytes = vec![0; length];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes
}
