#!/usr/bin/env perl
# Writes properties.json: the Unicode 14.0.0 properties that Python's `unicodedata` lacks
# and PRECIS needs (RFC 8264 section 9, RFC 5892 appendix A), as inclusive, decimal ranges.
#
#     perl crates/aiosasl/tables/properties.pl > crates/aiosasl/tables/properties.json
#
# Needs a perl whose Unicode version is 14.0.0 (perl 5.36), and no module outside its core.
use strict;
use warnings;
no warnings 'utf8';
use Unicode::UCD;

die "this perl knows Unicode " . Unicode::UCD::UnicodeVersion() . ", not 14.0.0\n"
    unless Unicode::UCD::UnicodeVersion() eq '14.0.0';

my @properties = (
    ['Default_Ignorable_Code_Point', qr/\p{Default_Ignorable_Code_Point=Yes}/],
    ['Hangul_Syllable_Type=L,V,T',   qr/[\p{hst=L}\p{hst=V}\p{hst=T}]/],
    ['Joining_Type=Dual_Joining',    qr/\p{Joining_Type=Dual_Joining}/],
    ['Joining_Type=Left_Joining',    qr/\p{Joining_Type=Left_Joining}/],
    ['Joining_Type=Right_Joining',   qr/\p{Joining_Type=Right_Joining}/],
    ['Joining_Type=Transparent',     qr/\p{Joining_Type=Transparent}/],
    ['Script=Greek',                 qr/\p{Script=Greek}/],
    ['Script=Han',                   qr/\p{Script=Han}/],
    ['Script=Hebrew',                qr/\p{Script=Hebrew}/],
    ['Script=Hiragana',              qr/\p{Script=Hiragana}/],
    ['Script=Katakana',              qr/\p{Script=Katakana}/],
);

my @lines;
for my $property (@properties) {
    my ($name, $pattern) = @$property;
    my @ranges;
    for my $code (0 .. 0x10FFFF) {
        next unless chr($code) =~ $pattern;
        if (@ranges && $ranges[-1][1] == $code - 1) { $ranges[-1][1] = $code }
        else { push @ranges, [$code, $code] }
    }
    push @lines, sprintf('"%s": [%s]', $name, join ', ', map { "[$_->[0], $_->[1]]" } @ranges);
}
print "{\n\"unicode\": \"14.0.0\",\n", join(",\n", @lines), "\n}\n";
