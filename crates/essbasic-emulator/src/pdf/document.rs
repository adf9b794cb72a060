//! A contract as a PDF of three pages: title, terms, signatures.

use std::collections::BTreeMap;
use std::time::Duration;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Str, TextStr};
use ttf_parser::Face;

use crate::state::flow::Flow;

/// See `assets/README.md`.
static FONT: &[u8] = include_bytes!("../../assets/contract.ttf");

/// What stands for a character that the font lacks.
const MISSING: char = '□';

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 72.0;

const TERMS: [&str; 6] = [
    "第一条 标的与数量。本合同项下的产品或服务的名称、数量、质量标准与单价，以双方确认的订单为准。",
    "第二条 价款与支付。合同总金额以人民币计，付款方应当在收到验收报告之日起三十日内支付。",
    "第三条 交付。交货地点为甲方指定地点，运输由乙方负责，货物完整性由双方共同确认。",
    "第四条 保密。双方对本合同的内容负有保密义务，未经另一方同意，不得提供给第三方。",
    "第五条 违约责任。一方违约的，应当承担另一方的损失；不可抗力除外。",
    "第六条 争议。本合同以电子签名订立，与书面合同具有同等法律效力，争议由双方友好协商解决。",
];

/// The file of a contract, showing the first `signatures` of those made.
///
/// The same contract gives the same bytes. `least` pads the file, with a stream that nothing shows, to
/// at least that many bytes.
pub(crate) fn contract(flow: &Flow, signatures: usize, least: usize) -> Vec<u8> {
    let Ok(face) = Face::parse(FONT, 0) else {
        // Held by a test: the font is part of the crate.
        return Vec::new();
    };
    let pages = [title_page(flow), terms_page(), signature_page(flow, signatures)];
    Document::new(face).write(&flow.terms.name, &pages, least)
}

struct Line {
    size: f32,
    text: String,
}

fn line(size: f32, text: impl Into<String>) -> Line {
    Line { size, text: text.into() }
}

fn title_page(flow: &Flow) -> Vec<Line> {
    let terms = &*flow.terms;
    let mut lines = vec![line(26.0, &terms.name), line(12.0, "")];
    lines.push(line(12.0, format!("合同编号：{}", flow.id)));
    lines.push(line(12.0, format!("发起企业：{}", terms.organization)));
    lines.push(line(12.0, format!("创建日期：{}", date(flow.created))));
    lines.push(line(12.0, format!("截止日期：{}", date(flow.deadline))));
    lines.push(line(12.0, ""));
    for (index, party) in terms.parties.iter().enumerate() {
        let organization = party.organization.as_deref().unwrap_or("个人");
        lines.push(line(12.0, format!("签署方 {}：{}（{organization}）", index + 1, party.name)));
    }
    for (name, value) in &terms.fields {
        lines.push(line(12.0, format!("{name}：{value}")));
    }
    lines.push(line(12.0, ""));
    lines.push(line(9.0, "本文件由模拟器生成，仅用于测试和演示，无法律效力。"));
    lines
}

fn terms_page() -> Vec<Line> {
    let mut lines = vec![line(18.0, "合同条款"), line(12.0, "")];
    for term in TERMS {
        lines.push(line(12.0, term));
        lines.push(line(6.0, ""));
    }
    lines
}

fn signature_page(flow: &Flow, shown: usize) -> Vec<Line> {
    let mut lines = vec![line(18.0, "签署页"), line(12.0, "")];
    let mut signed: Vec<_> = flow
        .parties()
        .filter_map(|(_, party, progress)| Some((progress.signed_at?, party)))
        .collect();
    signed.sort_by_key(|(at, _)| *at);
    for (at, party) in signed.into_iter().take(shown) {
        lines.push(line(12.0, format!("{} 已签署，日期 {}", party.name, date(at))));
    }
    let all = flow.progress.len();
    if shown < all {
        lines.push(line(12.0, format!("未完成：{} 方待签署", all - shown)));
    } else {
        lines.push(line(12.0, "全部签署完成"));
    }
    lines
}

fn date(at: Duration) -> String {
    tc3_signer::Date::of(at.as_secs()).map(|date| date.to_string()).unwrap_or_default()
}

const FONT_NAME: Name<'static> = Name(b"F1");
const BASE_FONT: Name<'static> = Name(b"EMULAT+NotoSansCJKsc-Regular");
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Object numbers: one to nine, then two a page.
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

struct Document<'a> {
    face: Face<'a>,
    /// The glyphs shown, with the character that each first stood for.
    used: BTreeMap<u16, char>,
}

impl<'a> Document<'a> {
    fn new(face: Face<'a>) -> Self {
        Self { face, used: BTreeMap::new() }
    }

    fn write(mut self, title: &str, pages: &[Vec<Line>], least: usize) -> Vec<u8> {
        // Room for the padding, the font and the rest at once: growing would take twice as much memory.
        let mut pdf = Pdf::with_capacity(least.saturating_add(FONT.len()).saturating_add(16 << 10));
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
        // The table at the end of the file takes more than this.
        let padding = least.saturating_sub(pdf.len() + 256);
        if padding > 0 {
            pdf.stream(id::PADDING, &noise(title, padding));
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

    /// Breaks a line where the page ends: between any two characters, as Chinese does.
    fn wrap(&mut self, line: &Line) -> Vec<String> {
        let mut broken = vec![String::new()];
        let mut x = 0.0;
        for c in line.text.chars() {
            let glyph = self.glyph(c);
            let advance = self.advance(glyph) * line.size / 1000.0;
            if x + advance > WIDTH - 2.0 * MARGIN {
                broken.push(String::new());
                x = 0.0;
            }
            x += advance;
            if let Some(last) = broken.last_mut() {
                last.push(c);
            }
        }
        broken
    }

    fn glyph(&mut self, c: char) -> u16 {
        let (glyph, shown) = match self.face.glyph_index(c) {
            Some(glyph) => (glyph.0, c),
            None => (self.face.glyph_index(MISSING).map_or(0, |glyph| glyph.0), MISSING),
        };
        self.used.entry(glyph).or_insert(shown);
        glyph
    }

    /// In thousandths of the font's size, as PDF counts.
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

/// Bytes that do not compress and are the same for the same title.
fn noise(title: &str, length: usize) -> Vec<u8> {
    let seed = title.bytes().fold(0_u64, |hash, b| hash.wrapping_mul(31).wrapping_add(b.into()));
    let mut bytes = vec![0; length];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes
}
