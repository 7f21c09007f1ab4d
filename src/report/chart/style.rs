//! The house style: colours, sizes, markers.

/// A colour and how opaque it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Paint {
    /// Red, green, blue.
    pub(super) rgb: (u8, u8, u8),
    /// 0 = invisible, 1 = opaque.
    pub(super) alpha: f64,
}

impl Paint {
    const fn opaque(rgb: (u8, u8, u8)) -> Self {
        Self { rgb, alpha: 1.0 }
    }

    /// The same colour at another opacity.
    pub(super) const fn fade(self, alpha: f64) -> Self {
        Self {
            rgb: self.rgb,
            alpha,
        }
    }

    /// This colour as it looks at `share` of its strength on white. Opaque, so that what lies
    /// below does not shine through.
    pub(super) fn tint(self, share: f64) -> Self {
        let mix = |part: u8| {
            let mixed = 255.0 - (255.0 - f64::from(part)) * share;
            // Between 0 and 255 by construction.
            mixed.round() as u8
        };
        let (red, green, blue) = self.rgb;
        Self {
            rgb: (mix(red), mix(green), mix(blue)),
            alpha: self.alpha,
        }
    }
}

impl Paint {
    /// White or ink, whichever stands out more from this colour.
    pub(super) fn letters(self) -> Self {
        // Squares instead of the exact curve: near enough to choose, and the same everywhere.
        let light = |part: u8| (f64::from(part) / 255.0) * (f64::from(part) / 255.0);
        let (red, green, blue) = self.rgb;
        let lightness = 0.21 * light(red) + 0.72 * light(green) + 0.07 * light(blue);
        if lightness < EVEN { WHITE } else { INK }
    }
}

/// Where white and ink stand out alike.
const EVEN: f64 = 0.22;

pub(super) const WHITE: Paint = Paint::opaque((0xff, 0xff, 0xff));
pub(super) const INK: Paint = Paint::opaque((0x22, 0x26, 0x2b));
pub(super) const MUTED: Paint = Paint::opaque((0x6b, 0x72, 0x7a));
pub(super) const GRID: Paint = Paint::opaque((0xe3, 0xe6, 0xe9));
pub(super) const AXIS: Paint = Paint::opaque((0xb4, 0xba, 0xc0));
/// The dark end of ramps: a blue deep enough for white letters.
pub(super) const DEEP: Paint = Paint::opaque((0x00, 0x4a, 0x7a));
const BLUE: Paint = Paint::opaque((0x00, 0x72, 0xb2));
pub(super) const GREEN: Paint = Paint::opaque((0x00, 0x9e, 0x73));

/// Okabe and Ito's colours for all kinds of colour vision, without the yellow that white swallows.
/// Green is last: it is the objective's, and a series of that colour beside it misleads.
const SERIES: [Paint; 6] = [
    BLUE,
    Paint::opaque((0xd5, 0x5e, 0x00)),
    Paint::opaque((0xcc, 0x79, 0xa7)),
    Paint::opaque((0xe6, 0x9f, 0x00)),
    Paint::opaque((0x56, 0xb4, 0xe9)),
    GREEN,
];

/// Colour of the series with this number.
pub(super) fn colour(number: usize) -> Paint {
    SERIES[number % SERIES.len()]
}

/// Shape of a point. Never colour alone: people print in grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Circle,
    Triangle,
    Square,
    Diamond,
}

/// Marker of the series with this number; the second round of colours gets other markers.
pub(super) fn marker(number: usize) -> Marker {
    const MARKERS: [Marker; 4] = [
        Marker::Circle,
        Marker::Triangle,
        Marker::Square,
        Marker::Diamond,
    ];
    MARKERS[(number + number / SERIES.len()) % MARKERS.len()]
}

/// Height of letters in logical pixels, and their weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) weight: Weight,
}

/// Weight of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

pub(super) const TITLE: Type = Type {
    size: 17.0,
    weight: Weight::Bold,
};
pub(super) const SUBTITLE: Type = Type {
    size: 12.0,
    weight: Weight::Regular,
};
pub(super) const LABEL: Type = Type {
    size: 12.0,
    weight: Weight::Regular,
};
pub(super) const STRONG: Type = Type {
    size: 12.0,
    weight: Weight::Bold,
};
pub(super) const SMALL: Type = Type {
    size: 11.0,
    weight: Weight::Regular,
};
pub(super) const SMALL_STRONG: Type = Type {
    size: 11.0,
    weight: Weight::Bold,
};
