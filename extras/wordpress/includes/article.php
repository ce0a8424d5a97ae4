<?php
/**
 * A post as the article Slugline is told of.
 *
 * @package Slugline
 */

namespace Slugline;

/** What a hook may carry, less some room; a longer story is told by its address, and Slugline reads its page. */
const MOST_BYTES = 1400000;

/** Whether everybody may read it: published, without a password, and of a kind that is told. */
function is_public( ?\WP_Post $post ): bool {
	return null !== $post && 'publish' === $post->post_status && '' === $post->post_password && is_told_of( $post );
}

/** Revisions, menus, pages and other kinds are not; a site may add kinds of its own. */
function is_told_of( \WP_Post $post ): bool {
	return in_array( $post->post_type, (array) apply_filters( 'slugline_post_types', array( 'post' ) ), true );
}

/** What the event carries, as JSON in ASCII. What is not public by now, whoever changed it, is not told. */
function body_of( array $message ): string {
	$post    = get_post( $message['post'] );
	$event   = is_public( $post ) ? $message['event'] : 'removed';
	$article = 'removed' === $event ? $message['known'] : article_of( $post );
	$json    = (string) wp_json_encode( array( 'event' => $event, 'article' => $article ), JSON_UNESCAPED_SLASHES );
	if ( '' !== $json && strlen( $json ) <= MOST_BYTES ) {
		return $json;
	}
	return (string) wp_json_encode( array( 'event' => $event, 'url' => $article['url'] ), JSON_UNESCAPED_SLASHES );
}

/** As much as names it, for when it is gone. */
function known_of( \WP_Post $post ): array {
	$title = plain( get_the_title( $post ) );
	return array(
		'guid'  => plain( $post->guid ),
		'url'   => (string) get_permalink( $post ),
		'title' => '' === $title ? __( '(no title)', 'slugline' ) : mb_substr( $title, 0, 1000 ),
	);
}

function article_of( \WP_Post $post ): array {
	$told = array(
		'summary'   => has_excerpt( $post ) ? mb_substr( plain( $post->post_excerpt ), 0, 10000 ) : null,
		'html'      => html_of( $post ),
		'lang'      => lang_of( $post ),
		'authors'   => array_slice( authors_of( $post ), 0, 50 ),
		'tags'      => array_slice( tags_of( $post ), 0, 100 ),
		'image'     => image_of( $post ),
		'published' => get_post_time( 'Y-m-d\TH:i:s\Z', true, $post ),
		'updated'   => get_post_modified_time( 'Y-m-d\TH:i:s\Z', true, $post ),
		'embargo'   => embargo_of( $post ),
		'social'    => (object) social_of( $post ),
		'sensitive' => '' !== field( $post, 'slugline_sensitive' ),
		'spoiler'   => '' === field( $post, 'slugline_spoiler' ) ? null : mb_substr( field( $post, 'slugline_spoiler' ), 0, 500 ),
	);
	return (array) apply_filters( 'slugline_article', known_of( $post ) + $told, $post );
}

/** The story as its page shows it, blocks and shortcodes rendered. */
function html_of( \WP_Post $post ): string {
	$before          = $GLOBALS['post'] ?? null;
	$GLOBALS['post'] = $post;
	setup_postdata( $post );
	$html            = (string) apply_filters( 'the_content', $post->post_content );
	$GLOBALS['post'] = $before;
	if ( $before instanceof \WP_Post ) {
		setup_postdata( $before );
	}
	return $html;
}

/** BCP 47: the post's own language where Polylang or WPML knows it, else the site's. */
function lang_of( \WP_Post $post ): string {
	$locale = function_exists( 'pll_get_post_language' ) ? pll_get_post_language( $post->ID, 'locale' ) : null;
	if ( ! $locale ) {
		$details = apply_filters( 'wpml_post_language_details', null, $post->ID );
		$locale  = is_array( $details ) && ! empty( $details['locale'] ) ? $details['locale'] : get_bloginfo( 'language' );
	}
	// de_DE_formal is WordPress' own; no language tag has such a part.
	return preg_replace( '/-(?:formal|informal)$/', '', str_replace( '_', '-', (string) $locale ) );
}

function authors_of( \WP_Post $post ): array {
	if ( function_exists( 'get_coauthors' ) ) {
		return array_values( array_filter( array_map( fn( $author ) => plain( $author->display_name ), get_coauthors( $post->ID ) ) ) );
	}
	$name = plain( (string) get_the_author_meta( 'display_name', $post->post_author ) );
	return '' === $name ? array() : array( $name );
}

/** Tags before categories, because hashtags are made of the first; the category that stands for none is left out. */
function tags_of( \WP_Post $post ): array {
	$names   = array();
	$default = (int) get_option( 'default_category' );
	foreach ( array( 'post_tag', 'category' ) as $taxonomy ) {
		$terms = get_the_terms( $post, $taxonomy );
		foreach ( is_array( $terms ) ? $terms : array() as $term ) {
			if ( 'category' !== $taxonomy || (int) $term->term_id !== $default ) {
				$names[] = mb_substr( plain( $term->name ), 0, 200 );
			}
		}
	}
	return array_values( array_unique( $names ) );
}

function image_of( \WP_Post $post ): ?array {
	$id  = (int) get_post_thumbnail_id( $post );
	$url = $id > 0 ? wp_get_attachment_image_url( $id, 'full' ) : false;
	if ( ! $url ) {
		return null;
	}
	return array(
		'url' => $url,
		'alt' => mb_substr( plain( (string) get_post_meta( $id, '_wp_attachment_image_alt', true ) ), 0, 2000 ),
	);
}

/** The custom field slugline_embargo; a time without a zone is the site's. What is no time is refused by Slugline, and shown. */
function embargo_of( \WP_Post $post ): ?string {
	$written = field( $post, 'slugline_embargo' );
	if ( '' === $written ) {
		return null;
	}
	$moment = date_create_immutable( $written, wp_timezone() );
	return false === $moment ? $written : $moment->setTimezone( new \DateTimeZone( 'UTC' ) )->format( 'Y-m-d\TH:i:s\Z' );
}

/** A journalist's own words: slugline_social, else Jetpack's message, for all networks; slugline_social_x and so on for one. */
function social_of( \WP_Post $post ): array {
	$words = array( 'default' => field( $post, 'slugline_social' ) );
	if ( '' === $words['default'] ) {
		$words['default'] = field( $post, '_wpas_mess' );
	}
	foreach ( array_keys( (array) get_post_meta( $post->ID ) ) as $name ) {
		if ( preg_match( '/^slugline_social_([a-z0-9_-]{1,40})$/', (string) $name, $found ) ) {
			$words[ $found[1] ] = field( $post, $name );
		}
	}
	return array_filter( $words, fn( $text ) => '' !== $text );
}

function field( \WP_Post $post, string $name ): string {
	$value = get_post_meta( $post->ID, $name, true );
	return is_scalar( $value ) ? mb_substr( trim( (string) $value ), 0, 10000 ) : '';
}

/** Without tags and entities. */
function plain( string $html ): string {
	return trim( html_entity_decode( wp_strip_all_tags( $html ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ) );
}
