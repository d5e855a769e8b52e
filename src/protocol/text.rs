//! Text that one user writes and another one sees: the names of apps, users and accounts.
//!
//! Some Unicode characters change how the text around them is displayed without being visible
//! themselves. In a name they reverse a sentence of the consent page, hide part of the name, or make
//! two different names look the same. The classes come from UAX #9 (bidirectional formatting),
//! UAX #44 (general categories, `Default_Ignorable_Code_Point`) and UTS #39 (look-alikes, stacked
//! marks). Letters of every script are allowed.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_properties::CodePointSetData;
use icu_properties::props::{DefaultIgnorableCodePoint, ExtendedPictographic};
use url::Host;

/// How many combining marks one letter may have; more would cover the lines above and below (UTS #39 §5.4).
const MAX_MARKS: u8 = 4;

/// The zero-width joiner: it joins letters of some scripts, and several emoji into one (UTS #51 §2.2).
const ZWJ: char = '\u{200d}';
/// Selects the colored form of the emoji before it (UTS #51 §1.4.3).
const EMOJI_STYLE: char = '\u{fe0f}';

/// Why a text may not be displayed: the class of a character that it must not contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// General category `Cc`, UAX #44.
    #[error("control characters are not allowed")]
    Control,
    /// General categories `Zl` and `Zp`, UAX #44.
    #[error("line and paragraph separators are not allowed")]
    Separator,
    /// Property `Bidi_Control`, UAX #9 §2.
    #[error("characters that change the direction of text are not allowed")]
    Bidi,
    /// Property `Default_Ignorable_Code_Point`, UAX #44, and other characters that display as a blank.
    #[error("invisible characters are not allowed")]
    Invisible,
    /// General category `Co`, UAX #44: each system shows its own picture, such as a vendor's logo.
    #[error("private-use characters are not allowed")]
    PrivateUse,
    /// Combining marks without a letter, or too many on one letter.
    #[error("at most 4 combining marks may follow a letter")]
    Marks,
}

/// Checks that a text may be registered and shown to other users.
///
/// # Errors
/// The class of the first character that may not be shown.
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
        // Removing a character moved a joiner or a mark to where it isn't allowed.
        clean.retain(|c| !is_joiner(c) && !is_mark(c) && c != EMOJI_STYLE);
    }
    Cow::Owned(clean.trim().to_owned())
}

/// The text between isolate characters (U+2068 and U+2069, UAX #9 §2.4), so that right-to-left letters
/// in it don't reorder the sentence around it. HTML has `<bdi>`; this is for plain text, such as the
/// title of a page. A text without right-to-left letters is returned unchanged.
pub fn isolated(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_right_to_left) {
        Cow::Owned(format!("\u{2068}{text}\u{2069}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether a user could take one name for the other: they have the same letters and digits after
/// compatibility mapping, case folding, removal of accents, and replacement of common look-alikes.
///
/// This is a reduced form of the skeleton of UTS #39 §4. Its whole table of look-alikes has about 6,000
/// entries; [`LOOK_ALIKES`] has only common ones that resemble Latin letters.
pub fn is_same_name(one: &str, other: &str) -> bool {
    // Compare a second time without replacing look-alikes: in scripts other than Latin, the capital
    // and the small form of one letter may resemble different Latin letters.
    let is_same = |replaced: fn(char) -> char| {
        let first = skeleton(one, replaced);
        !first.is_empty() && first == skeleton(other, replaced)
    };
    is_same(look_alike) || is_same(|c| c) || cleaned(one) == cleaned(other)
}

/// Each character of a text, and whether it is allowed at its position.
fn judge(text: &str) -> impl Iterator<Item = (char, Result<(), TextError>)> {
    let mut previous = None;
    // Start at the limit, so that a mark at the beginning is refused: it would combine with the
    // character before the text.
    let mut marks = MAX_MARKS;
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = rest.next()?;
        let verdict = if is_joiner(c) {
            let joins = |c: Option<&char>| c.is_some_and(|c| uses_joiners(*c));
            let between = joins(previous.as_ref()) && joins(rest.peek());
            if between || (c == ZWJ && joins_emoji(previous, rest.peek())) {
                Ok(())
            } else {
                Err(TextError::Invisible)
            }
        } else if c == EMOJI_STYLE {
            let is_keycap = rest.peek() == Some(&'\u{20e3}')
                && previous.is_some_and(|c| c.is_ascii_digit() || c == '#' || c == '*');
            let follows = is_keycap || previous.is_some_and(is_emoji);
            if follows { Ok(()) } else { Err(TextError::Invisible) }
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

/// The class of a character that is allowed nowhere; `None` for others.
fn class(c: char) -> Option<TextError> {
    match c {
        ' '..='~' => None,
        '\u{2028}' | '\u{2029}' => Some(TextError::Separator),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(TextError::Bidi)
        }
        // Interlinear annotations, the object replacement character, and the blank Braille pattern.
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

/// Whether a zero-width joiner makes one emoji of the two beside it (UTS #51 §2.2).
fn joins_emoji(previous: Option<char>, next: Option<&char>) -> bool {
    let ends = |c: char| is_emoji(c) || c == EMOJI_STYLE;
    previous.is_some_and(ends) && next.is_some_and(|c| is_emoji(*c))
}

/// Whether a character is an emoji or one of the five skin tones (UTS #51 §1.4).
fn is_emoji(c: char) -> bool {
    let pictures = CodePointSetData::new::<ExtendedPictographic>();
    pictures.contains(c) || matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Whether a character is drawn above, below or around the letter before it: those with a combining
/// class (UAX #44), and those that enclose a letter (`Me`). Vowel signs that take up space of their own
/// aren't marks in this sense.
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

/// Whether a character is in a block of right-to-left scripts (bidirectional types `R` and `AL`, UAX #9
/// §3.2).
fn is_right_to_left(c: char) -> bool {
    matches!(
        u32::from(c),
        0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfefc | 0x10800..=0x10fff | 0x1e800..=0x1efff
    )
}

/// Pairs of a letter of another script and the Latin letter that it looks like (UTS #39,
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

/// The form of a name that is compared: case-folded letters and digits, after `replaced` has replaced look-alikes.
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
/// Host names are mapped in the same way (UTS #46), so this uses the parser of host names. Linking the tables of NFKC
/// and of case folding a second time would add 24 KiB to the bundle. The result is ASCII. Letters outside ASCII are in
/// Punycode, which is just as good for a comparison.
fn folded(c: char) -> Cow<'static, str> {
    match (c, Host::parse(&format!("a{c}"))) {
        ('ß' | 'ẞ', _) => Cow::Borrowed("ss"),
        (c, _) if c.is_ascii() => Cow::Owned(c.to_ascii_lowercase().to_string()),
        // The `a` before the letter keeps the parser from reading digits as an IPv4 address.
        (_, Ok(Host::Domain(host))) => match host.strip_prefix('a') {
            Some(letters) => Cow::Owned(letters.to_owned()),
            None => Cow::Owned(host),
        },
        (c, _) => Cow::Owned(c.to_lowercase().collect()),
    }
}
