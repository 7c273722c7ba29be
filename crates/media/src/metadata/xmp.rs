//! XMP: metadata as RDF in XML, inside files and beside them. Source: ISO 16684-1; Exif in XMP, CIPA DC-010.

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, NamespaceResolver, ResolveResult};

use crate::civil::{self, TakenSource};
use crate::types::{Gps, Metadata};

/// Packets are some kilobytes; a longer one is cut, and what was read until then counts.
const MAX_PACKET: usize = 2 << 20;

/// Elements within elements.
const MAX_DEPTH: usize = 64;

/// Values of one property, and properties: enough for any honest packet.
const MAX_VALUES: usize = 2048;

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const XMP: &str = "http://ns.adobe.com/xap/1.0/";
const EXIF: &str = "http://ns.adobe.com/exif/1.0/";
const EXIF_EX: &str = "http://cipa.jp/exif/1.0/";
const TIFF: &str = "http://ns.adobe.com/tiff/1.0/";
const AUX: &str = "http://ns.adobe.com/exif/1.0/aux/";
const PHOTOSHOP: &str = "http://ns.adobe.com/photoshop/1.0/";
const CAMERA: &str = "http://ns.google.com/photos/1.0/camera/";

/// Reads a packet into what is found so far; what is there already stays. Broken XML counts up to where it breaks.
pub(super) fn read(packet: &[u8], found: &mut Metadata) {
    let packet = &packet[..packet.len().min(MAX_PACKET)];
    let Properties(properties) = Properties::of(&String::from_utf8_lossy(packet));
    let values = |space: &'static str, name: &'static str| {
        properties
            .iter()
            .filter(move |p| p.space == space && p.name == name)
            .map(|p| p.value.trim())
    };
    let first = |space, name| values(space, name).find(|value| !value.is_empty()).map(str::to_owned);
    found.title = found
        .title
        .take()
        .or_else(|| first(DC, "title"))
        .or_else(|| first(PHOTOSHOP, "Headline"));
    found.description = found.description.take().or_else(|| first(DC, "description"));
    found.keywords.extend(values(DC, "subject").map(str::to_owned));
    found.rating = found
        .rating
        .or_else(|| first(XMP, "Rating").and_then(|stars| rating(&stars)));
    found.taken = found.taken.or_else(|| {
        [
            (EXIF, "DateTimeOriginal"),
            (PHOTOSHOP, "DateCreated"),
            (XMP, "CreateDate"),
            (EXIF, "DateTimeDigitized"),
        ]
        .into_iter()
        .filter_map(|(space, name)| first(space, name))
        .find_map(|text| civil::parse(&text))
        .map(|(civil, zone)| civil.taken(zone, TakenSource::Exif))
    });
    if found.gps.is_none()
        && let (Some(latitude), Some(longitude)) = (first(EXIF, "GPSLatitude"), first(EXIF, "GPSLongitude"))
    {
        found.gps = coordinate(&latitude)
            .zip(coordinate(&longitude))
            .and_then(|(lat, lon)| Gps::new(lat, lon));
    }
    found.orientation = found
        .orientation
        .or_else(|| first(TIFF, "Orientation").and_then(|value| value.parse().ok()));
    let camera = &mut found.camera;
    camera.make = camera.make.take().or_else(|| first(TIFF, "Make"));
    camera.model = camera.model.take().or_else(|| first(TIFF, "Model"));
    camera.lens = camera
        .lens
        .take()
        .or_else(|| first(EXIF_EX, "LensModel"))
        .or_else(|| first(AUX, "Lens"));
    found.motion_photo |= [first(CAMERA, "MotionPhoto"), first(CAMERA, "MicroVideo")]
        .iter()
        .flatten()
        .any(|flag| flag == "1");
}

/// Lightroom writes -1 for rejected, some programs 5.0 for 5.
#[expect(clippy::cast_possible_truncation, reason = "checked to be small")]
fn rating(text: &str) -> Option<i8> {
    let stars: f64 = text.parse().ok()?;
    ((-1.0..=5.0).contains(&stars) && stars != 0.0).then(|| stars.round() as i8)
}

/// `52,31.2N`, `52,31,12N`, or a plain number.
fn coordinate(text: &str) -> Option<f64> {
    let text = text.trim();
    let (digits, sign) = match text.as_bytes().last()?.to_ascii_uppercase() {
        b'N' | b'E' => (&text[..text.len() - 1], 1.0),
        b'S' | b'W' => (&text[..text.len() - 1], -1.0),
        _ => (text, 1.0),
    };
    let mut degrees = 0.0;
    let mut unit = 1.0;
    for part in digits.split(',').take(3) {
        degrees += part.trim().parse::<f64>().ok()? / unit;
        unit *= 60.0;
    }
    Some(sign * degrees)
}

/// One value of one property; a list gives several.
struct Property {
    space: &'static str,
    name: String,
    value: String,
}

struct Properties(Vec<Property>);

impl Properties {
    fn of(packet: &str) -> Self {
        let mut found = Self(Vec::new());
        // Whatever breaks the XML ends the reading.
        let _end = found.walk(packet);
        found
    }

    /// Goes through the elements. `None` at the end or at the first fault.
    fn walk(&mut self, packet: &str) -> Option<()> {
        let mut reader = NsReader::from_str(packet.trim_start_matches('\u{feff}'));
        reader.config_mut().check_end_names = false;
        let mut depth = 0_usize;
        // Depth of the outermost rdf:Description; properties are its children.
        let mut description = None;
        let mut current: Option<(&'static str, String)> = None;
        let mut text = String::new();
        loop {
            let event = reader.read_event().ok()?;
            match &event {
                Event::Start(element) | Event::Empty(element) => {
                    let opened = matches!(event, Event::Start(_));
                    let (space, name) = reader.resolver().resolve_element(element.name());
                    let name = name.into_inner();
                    if description.is_none() && known(&space) == Some(RDF) && name == "Description" {
                        self.attributes(element, reader.resolver());
                        description = opened.then_some(depth);
                    } else if description.is_some_and(|at| at + 1 == depth) {
                        current = known(&space).map(|space| (space, name.to_owned()));
                        text.clear();
                        if !opened {
                            current = None;
                        }
                    } else if name == "li" {
                        text.clear();
                    }
                    if opened {
                        depth += 1;
                        if depth > MAX_DEPTH {
                            return None;
                        }
                    }
                }
                Event::End(element) => {
                    depth = depth.checked_sub(1)?;
                    let is_property = description.is_some_and(|at| at + 1 == depth);
                    if (is_property || element.name().local_name().into_inner() == "li") && !text.trim().is_empty() {
                        if let Some((space, name)) = &current {
                            self.push(space, name, &text);
                        }
                        text.clear();
                    }
                    if is_property {
                        current = None;
                    }
                    if description == Some(depth) {
                        description = None;
                    }
                }
                Event::Text(part) => text.push_str(part),
                Event::CData(part) => text.push_str(part),
                Event::GeneralRef(reference) => {
                    if let Ok(Some(character)) = reference.resolve_char_ref() {
                        text.push(character);
                    } else {
                        text.push_str(
                            quick_xml::escape::resolve_predefined_entity(&reference.clone().into_inner())
                                .unwrap_or_default(),
                        );
                    }
                }
                Event::Eof => return Some(()),
                _ => {}
            }
        }
    }

    fn attributes(&mut self, element: &BytesStart<'_>, resolver: &NamespaceResolver) {
        for attribute in element.attributes().with_checks(false).flatten().take(MAX_VALUES) {
            let (space, name) = resolver.resolve_attribute(attribute.key);
            if let (Some(space), Ok(value)) = (known(&space), attribute.normalized_value(XmlVersion::Implicit1_0)) {
                self.push(space, name.into_inner(), &value);
            }
        }
    }

    fn push(&mut self, space: &'static str, name: &str, value: &str) {
        if self.0.len() < MAX_VALUES && space != RDF {
            self.0.push(Property {
                space,
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
    }
}

/// The namespace, if it is one that is read here.
fn known(space: &ResolveResult<'_>) -> Option<&'static str> {
    let ResolveResult::Bound(Namespace(uri)) = space else {
        return None;
    };
    [RDF, DC, XMP, EXIF, EXIF_EX, TIFF, AUX, PHOTOSHOP, CAMERA]
        .into_iter()
        .find(|known| known == uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:q="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:mm="http://ns.adobe.com/xap/1.0/mm/" q:Rating="4"
  exif:GPSLatitude="52,31.2N" exif:GPSLongitude="13,24,0W">
 <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Tom &amp; Jerry &#169;</rdf:li></rdf:Alt></dc:title>
 <dc:description><rdf:Alt><rdf:li xml:lang="x-default"><![CDATA[a < b]]></rdf:li></rdf:Alt></dc:description>
 <dc:subject><rdf:Bag><rdf:li>one</rdf:li><rdf:li>two</rdf:li></rdf:Bag></dc:subject>
 <mm:History><rdf:Seq><rdf:li rdf:parseType="Resource"><q:CreateDate>1999-01-01</q:CreateDate></rdf:li></rdf:Seq></mm:History>
 <exif:DateTimeOriginal>2024-05-12T10:11:12.5+02:00</exif:DateTimeOriginal>
</rdf:Description></rdf:RDF></x:xmpmeta>"#;

    #[test]
    fn attributes_and_elements_are_read_whatever_the_prefix() {
        let mut found = Metadata::default();
        read(PACKET.as_bytes(), &mut found);
        assert_eq!(found.title.as_deref(), Some("Tom & Jerry ©"));
        assert_eq!(found.description.as_deref(), Some("a < b"));
        assert_eq!(found.keywords, ["one", "two"]);
        assert_eq!(found.rating, Some(4));
        let gps = found.gps.expect("a place");
        assert!(
            (gps.latitude - 52.52).abs() < 1e-9 && (gps.longitude + 13.4).abs() < 1e-9,
            "{gps:?}"
        );
        let taken = found.taken.expect("a date");
        assert_eq!(
            (taken.local_micros, taken.offset_minutes),
            (1_715_508_672_500_000, Some(120))
        );
    }

    #[test]
    fn half_a_packet_gives_what_it_has() {
        let mut found = Metadata::default();
        let half = PACKET.split("<dc:subject>").next().expect("the first half");
        read(half.as_bytes(), &mut found);
        assert_eq!(found.title.as_deref(), Some("Tom & Jerry ©"));
    }

    #[test]
    fn entity_bombs_are_not_expanded() {
        let bomb = format!(
            r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;">]>{}"#,
            PACKET.replace("one", "&b;")
        );
        let mut found = Metadata::default();
        read(bomb.as_bytes(), &mut found);
        assert!(!format!("{found:?}").contains("aaaa"));
    }

    proptest::proptest! {
        #[test]
        fn any_packet_is_survived(cut in 0..PACKET.len(), noise: Vec<u8>) {
            let mut packet = PACKET.as_bytes().to_vec();
            packet.splice(cut..cut, noise);
            read(&packet, &mut Metadata::default());
        }
    }
}
