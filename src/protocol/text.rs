//! Text that one person writes and another one reads: the names of apps, people and accounts.
//!
//! Some Unicode characters change how the text around them is displayed without being visible
//! themselves. In a name they reverse the sentence of a consent page, hide what a name is, or make
//! two different names look the same. The classes come from UAX #9 (bidirectional formatting),
//! UAX #44 (general categories, `Default_Ignorable_Code_Point`) and UTS #39 (look-alikes, stacked
//! marks). Letters of every script are allowed.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use url::Host;

/// More combining marks than this on one letter cover the lines above and below (UTS #39 §5.4).
const MAX_MARKS: u8 = 4;

/// The class of a character that a displayed text must not contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// `Cc`, UAX #44.
    #[error("control characters are not allowed")]
    Control,
    /// `Zl` and `Zp`, UAX #44.
    #[error("line and paragraph separators are not allowed")]
    Separator,
    /// `Bidi_Control`, UAX #9 §2.
    #[error("characters that change the direction of text are not allowed")]
    Bidi,
    /// `Default_Ignorable_Code_Point`, UAX #44, and others that leave a blank.
    #[error("invisible characters are not allowed")]
    Invisible,
    /// `Co`, UAX #44: each system shows its own picture, some of them the logo of a vendor.
    #[error("private-use characters are not allowed")]
    PrivateUse,
    /// Marks without a letter, or too many on one.
    #[error("at most 4 combining marks may follow a letter")]
    Marks,
}

/// Whether a text may be registered and shown to others.
///
/// # Errors
/// The class of the first character that may not.
pub fn check(text: &str) -> Result<(), TextError> {
    judge(text).try_for_each(|(_, verdict)| verdict)
}

/// The text without the characters that [`check`] refuses, for places where a refusal would lock
/// someone out. Line breaks and tabs become spaces; outer white space is removed.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    if check(trimmed).is_ok() {
        return Cow::Borrowed(trimmed);
    }
    let kept = |(c, verdict): (char, Result<(), TextError>)| match verdict {
        Ok(()) => Some(c),
        Err(TextError::Separator) => Some(' '),
        Err(TextError::Control) if c.is_whitespace() => Some(' '),
        Err(_) => None,
    };
    let mut clean: String = judge(trimmed).filter_map(kept).collect();
    if check(clean.trim()).is_err() {
        // A removal moved a joiner or a mark to a place where it may not stand.
        clean.retain(|c| !is_joiner(c) && !is_mark(c));
    }
    Cow::Owned(clean.trim().to_owned())
}

/// The text between isolates (UAX #9 §2.4, U+2068 and U+2069), so that letters written from right
/// to left don't reorder the sentence around it. HTML has `<bdi>`; this is for plain text, such as
/// the title of a page. A text without such letters stays as it is.
pub fn isolated(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_right_to_left) {
        Cow::Owned(format!("\u{2068}{text}\u{2069}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether people take one name for the other: the same letters and digits after compatibility
/// mapping, case folding, removal of accents, and replacement of common look-alikes.
///
/// This is a part of the skeleton of UTS #39 §4. The whole table of look-alikes has 6,000 entries;
/// [`LOOK_ALIKES`] has those that resemble Latin letters.
pub fn is_same_name(one: &str, other: &str) -> bool {
    // Once without look-alikes: in other scripts than Latin, capital and small letters resemble
    // different ones.
    let is_same = |replaced: fn(char) -> char| {
        let first = skeleton(one, replaced);
        !first.is_empty() && first == skeleton(other, replaced)
    };
    is_same(look_alike) || is_same(|c| c) || cleaned(one) == cleaned(other)
}

/// Each character, and whether it may stand where it does.
fn judge(text: &str) -> impl Iterator<Item = (char, Result<(), TextError>)> {
    let mut previous = None;
    // A mark at the beginning would join what stands before the text.
    let mut marks = MAX_MARKS;
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = rest.next()?;
        let verdict = if is_joiner(c) {
            let joins = |c: Option<&char>| c.is_some_and(|c| uses_joiners(*c));
            let between = joins(previous.as_ref()) && joins(rest.peek());
            if between { Ok(()) } else { Err(TextError::Invisible) }
        } else if is_mark(c) && class(c).is_none() {
            marks = marks.saturating_add(1);
            if marks > MAX_MARKS { Err(TextError::Marks) } else { Ok(()) }
        } else {
            marks = 0;
            class(c).map_or(Ok(()), Err)
        };
        previous = Some(c);
        Some((c, verdict))
    })
}

/// The class of a character that may stand nowhere.
fn class(c: char) -> Option<TextError> {
    match c {
        ' '..='~' => None,
        '\u{2028}' | '\u{2029}' => Some(TextError::Separator),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(TextError::Bidi)
        }
        // Interlinear annotations, the placeholder of an object, and a Braille cell without dots.
        '\u{fff9}'..='\u{fffc}' | '\u{2800}' => Some(TextError::Invisible),
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Some(TextError::PrivateUse),
        c if c.is_control() => Some(TextError::Control),
        c if CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c) => {
            Some(TextError::Invisible)
        }
        _ => None,
    }
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a character is drawn above, below or around the letter before it: those with a combining
/// class (UAX #44), and those that enclose a letter (`Me`). Vowel signs that have a place of their
/// own are none of these.
fn is_mark(c: char) -> bool {
    let encloses = matches!(
        c,
        '\u{488}' | '\u{489}' | '\u{1abe}' | '\u{20dd}'..='\u{20e4}' | '\u{a670}'..='\u{a672}'
    );
    !c.is_ascii() && (encloses || CanonicalCombiningClassMapBorrowed::new().get_u8(c) != 0)
}

/// Whether a character is a letter or mark of a script in which a joiner changes how the letters
/// beside it are written (UAX #31 §2.3): Arabic and its relatives, and the scripts of India and
/// South East Asia.
fn uses_joiners(c: char) -> bool {
    let of_script = matches!(
        u32::from(c),
        0x600..=0x74f | 0x750..=0x77f | 0x7c0..=0x7ff | 0x840..=0x8ff | 0x900..=0xdff
            | 0x1000..=0x109f | 0x1780..=0x18af | 0x1a20..=0x1aaf | 0x1b00..=0x1c4f
            | 0xa840..=0xa8ff | 0xa980..=0xa9df | 0xfb50..=0xfdff | 0xfe70..=0xfefc
            | 0x11000..=0x11fff | 0x1e900..=0x1e95f
    );
    of_script && (c.is_alphabetic() || is_mark(c))
}

/// Whether a character is in a block of scripts written from right to left (UAX #9 §3.2, `R` and
/// `AL`).
fn is_right_to_left(c: char) -> bool {
    matches!(
        u32::from(c),
        0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefc | 0x10800..=0x10fff | 0x1e800..=0x1efff
    )
}

/// Letters of other scripts, each before the Latin letter that it looks like (UTS #39,
/// `confusables.txt`): Cyrillic, Greek, Armenian, small capitals.
const LOOK_ALIKES: &str = "\
    АAВBЕEЅSІIЈJКKМMНHОOРPСCТTУYХXԌGԚQԜWӀlѴV\
    аaеeоoрpсcуyхxѕsіiјjԁdһhԛqԝwӏlѵvкkтtмmнhвbгrпn\
    ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX\
    αaοoνvρpιiυuκkγyχxεeτtσoηnωwςc\
    ՕOօoՍUսuհhոnզqցgՏSյj\
    ıiɩiɑaɡgᴀaʙbᴄcᴅdᴇeɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz";

fn look_alike(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let mut pairs = LOOK_ALIKES.chars();
    while let (Some(like), Some(latin)) = (pairs.next(), pairs.next()) {
        if like == c {
            return latin;
        }
    }
    c
}

/// What is left of a name for comparison, once look-alikes are `replaced`.
fn skeleton(text: &str, replaced: fn(char) -> char) -> String {
    let mut skeleton = String::new();
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    for c in decomposed.chars().filter(|c| c.is_alphanumeric()) {
        for latin in folded(replaced(c)).chars() {
            match latin {
                '0' => skeleton.push('o'),
                '1' | 'i' => skeleton.push('l'),
                '5' => skeleton.push('s'),
                'm' => skeleton.push_str("rn"),
                'w' => skeleton.push_str("vv"),
                other => skeleton.push(other),
            }
        }
    }
    skeleton
}

/// A letter after compatibility mapping and case folding (`NFKC_Casefold`).
///
/// Host names are mapped in the same way (UTS #46), so the parser of hosts does it: the tables of
/// NFKC and of case folding would be linked a second time, which costs 24 KiB. The result is ASCII;
/// a letter that has none stands in Punycode, which serves a comparison as well.
fn folded(c: char) -> Cow<'static, str> {
    match (c, Host::parse(&format!("a{c}"))) {
        ('ß' | 'ẞ', _) => Cow::Borrowed("ss"),
        (c, _) if c.is_ascii() => Cow::Owned(c.to_ascii_lowercase().to_string()),
        // The letter before it keeps digits from being read as an address.
        (_, Ok(Host::Domain(host))) => match host.strip_prefix('a') {
            Some(letters) => Cow::Owned(letters.to_owned()),
            None => Cow::Owned(host),
        },
        (c, _) => Cow::Owned(c.to_lowercase().collect()),
    }
}
