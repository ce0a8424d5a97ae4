<?php
/**
 * As much of WordPress as the plugin asks for, in one file: hooks, posts and their states, options, schedules, and
 * wp_remote_post over real HTTP. Each run is one request; what lasts is kept in the file SITE names.
 *
 *   SITE=/tmp/site PLUGIN=extras/wordpress/slugline.php php shim.php < acts.json
 *
 * Acts are a list of {do, ...}; what each came to is printed as a list. The order of hooks is WordPress' own:
 * wp_insert_post() calls pre_post_update (updates only), then transition_post_status; fields and terms come after.
 */

define( 'ABSPATH', __DIR__ );

final class WP_Post {
	public $ID, $post_type = 'post', $post_status = 'draft', $post_password = '', $post_title = '', $post_content = '';
	public $post_excerpt = '', $post_name = '', $post_author = 1, $post_date_gmt, $post_modified_gmt, $guid;
}
final class WP_Error {
	private $message;
	public function __construct( $code, $message ) { $this->message = $message; }
	public function get_error_message() { return $this->message; }
}
/** The options table, where a row is changed only if it still says what the caller last read. */
final class Options_Table {
	public $options = 'wp_options';
	public function esc_like( $text ) { return $text; }
	public function prepare( $sql, $like ) { return $like; }
	public function get_col( $like ) {
		return array_values( array_filter( array_keys( $GLOBALS['site']['options'] ), fn( $name ) => 0 === strpos( $name, rtrim( $like, '%' ) ) ) );
	}
	private function matches( $where ) { return ( $GLOBALS['site']['options'][ $where['option_name'] ] ?? null ) === $where['option_value']; }
	public function delete( $table, $where ) {
		if ( ! $this->matches( $where ) ) { return 0; }
		unset( $GLOBALS['site']['options'][ $where['option_name'] ] );
		return 1;
	}
	public function update( $table, $new, $where ) {
		if ( ! $this->matches( $where ) ) { return 0; }
		$GLOBALS['site']['options'][ $where['option_name'] ] = $new['option_value'];
		return 1;
	}
}

$wpdb  = new Options_Table();
$hooks = array();
$page  = array( 'id' => 0, 'cron' => false, 'cap' => true );
$site  = array_fill_keys( array( 'posts', 'meta', 'terms', 'cron', 'spawned' ), array() );
$site['last'] = 0;
$site['options'] = array( 'default_category' => '1' );
if ( is_file( getenv( 'SITE' ) ) ) {
	$site = unserialize( file_get_contents( getenv( 'SITE' ) ) );
}
foreach ( json_decode( getenv( 'CONSTANTS' ) ?: '{}', true ) as $name => $value ) {
	define( $name, $value );
}

function add_filter( $hook, $call, $priority = 10, $count = 1 ) { $GLOBALS['hooks'][ $hook ][ $priority ][] = array( $call, $count ); }
function add_action( $hook, $call, $priority = 10, $count = 1 ) { add_filter( $hook, $call, $priority, $count ); }
function apply_filters( $hook, $value = null, ...$more ) {
	$levels = $GLOBALS['hooks'][ $hook ] ?? array();
	ksort( $levels );
	foreach ( $levels as $calls ) {
		foreach ( $calls as $call ) {
			$value = call_user_func_array( $call[0], array_slice( array_merge( array( $value ), $more ), 0, $call[1] ) );
		}
	}
	return $value;
}
function do_action( $hook, ...$args ) {
	$levels = $GLOBALS['hooks'][ $hook ] ?? array();
	ksort( $levels );
	foreach ( $levels as $calls ) {
		foreach ( $calls as $call ) { call_user_func_array( $call[0], array_slice( $args, 0, $call[1] ) ); }
	}
}
function register_deactivation_hook( $file, $call ) {}
function register_uninstall_hook( $file, $call ) {}

function get_option( $name, $default = false ) { return $GLOBALS['site']['options'][ $name ] ?? $default; }
function update_option( $name, $value, $autoload = null ) { $GLOBALS['site']['options'][ $name ] = $value; return true; }
function delete_option( $name ) { unset( $GLOBALS['site']['options'][ $name ] ); }
function wp_cache_delete( $key, $group ) {}
function wp_generate_uuid4() { $hex = bin2hex( random_bytes( 16 ) ); return vsprintf( '%s%s-%s-%s-%s-%s%s%s', str_split( $hex, 4 ) ); }

function wp_next_scheduled( $hook, $args = array() ) {
	foreach ( $GLOBALS['site']['cron'] as $event ) {
		if ( $event['hook'] === $hook && $event['args'] === $args ) { return $event['at']; }
	}
	return false;
}
function wp_schedule_single_event( $at, $hook, $args = array() ) {
	$known = wp_next_scheduled( $hook, $args );
	// WordPress takes one that is within ten minutes of the same for the same.
	if ( false !== $known && abs( $known - $at ) < 600 ) { return false; }
	$GLOBALS['site']['cron'][] = compact( 'at', 'hook', 'args' );
	return true;
}
function wp_schedule_event( $at, $every, $hook ) { $GLOBALS['site']['cron'][] = array( 'at' => $at, 'hook' => $hook, 'args' => array(), 'every' => 3600 ); }
function wp_clear_scheduled_hook( $hook, $args = array() ) {
	$GLOBALS['site']['cron'] = array_values( array_filter( $GLOBALS['site']['cron'], fn( $event ) => $event['hook'] !== $hook || $event['args'] !== $args ) );
}
function spawn_cron() { $GLOBALS['site']['spawned'][] = time(); }
function wp_doing_cron() { return $GLOBALS['page']['cron']; }

function get_post( $post = null ) {
	if ( $post instanceof WP_Post ) { return $post; }
	$found = $GLOBALS['site']['posts'][ (int) ( $post ?? $GLOBALS['page']['id'] ) ] ?? null;
	return null === $found ? null : clone $found;
}
function wp_insert_post( array $given ) {
	$id     = $given['ID'] ?? ( $GLOBALS['site']['last'] += 1 );
	$old    = get_post( $id );
	$status = $old ? $old->post_status : 'new';
	if ( $old ) { do_action( 'pre_post_update', $id, $given ); }
	$post     = $old ?? new WP_Post();
	$post->ID = $id;
	foreach ( $given as $name => $value ) {
		if ( property_exists( $post, $name ) ) { $post->$name = $value; }
	}
	$post->post_date_gmt     = $post->post_date_gmt ?? '2026-03-01 09:30:00';
	$post->post_modified_gmt = gmdate( 'Y-m-d H:i:s' );
	$post->guid              = $post->guid ?? "https://example.org/?p=$id";
	$GLOBALS['site']['posts'][ $id ] = $post;
	do_action( 'transition_post_status', $post->post_status, $status, clone $post );
	do_action( 'save_post', $id, clone $post, null !== $old );
	// The block editor saves these after the post itself.
	foreach ( $given['meta'] ?? array() as $name => $value ) { update_post_meta( $id, $name, $value ); }
	$GLOBALS['site']['terms'][ $id ] = $given['terms'] ?? $GLOBALS['site']['terms'][ $id ] ?? array();
	return $id;
}
function wp_publish_post( $id ) {
	$post = $GLOBALS['site']['posts'][ $id ];
	$old  = $post->post_status;
	$post->post_status = 'publish';
	do_action( 'transition_post_status', 'publish', $old, clone $post );
}
function wp_trash_post( $id ) {
	do_action( 'wp_trash_post', $id, get_post( $id )->post_status );
	// The name is changed in the database before the post is.
	$GLOBALS['site']['posts'][ $id ]->post_name .= '__trashed';
	wp_insert_post( array( 'ID' => $id, 'post_status' => 'trash' ) );
}
function wp_delete_post( $id ) {
	do_action( 'before_delete_post', $id, get_post( $id ) );
	unset( $GLOBALS['site']['posts'][ $id ], $GLOBALS['site']['meta'][ $id ] );
}
function get_post_meta( $id, $name = '', $single = false ) {
	$all = $GLOBALS['site']['meta'][ $id ] ?? array();
	if ( '' === $name ) { return array_map( fn( $value ) => array( $value ), $all ); }
	return $single ? ( $all[ $name ] ?? '' ) : array_filter( array( $all[ $name ] ?? null ) );
}
function wp_unslash( $value ) { return is_array( $value ) ? array_map( 'wp_unslash', $value ) : ( is_string( $value ) ? stripslashes( $value ) : $value ); }
function wp_slash( $value ) { return is_array( $value ) ? array_map( 'wp_slash', $value ) : ( is_string( $value ) ? addslashes( $value ) : $value ); }
function update_post_meta( $id, $name, $value ) { $GLOBALS['site']['meta'][ $id ][ $name ] = wp_unslash( $value ); }
function get_permalink( $post ) {
	$post = get_post( $post );
	return $post && 'publish' === $post->post_status && '' !== $post->post_name ? "https://example.org/{$post->post_name}/" : "https://example.org/?p={$post->ID}";
}
function get_the_title( $post ) { return str_replace( "'", '&#8217;', get_post( $post )->post_title ); }
function has_excerpt( $post ) { return '' !== $post->post_excerpt; }
function get_post_time( $format, $gmt, $post ) { return gmdate( $format, strtotime( $post->post_date_gmt . ' UTC' ) ); }
function get_post_modified_time( $format, $gmt, $post ) { return gmdate( $format, strtotime( $post->post_modified_gmt . ' UTC' ) ); }
function get_bloginfo( $what ) { return 'language' === $what ? 'de-DE-formal' : ''; }
function get_the_author_meta( $field, $id ) { return 'A. O&#8217;Writer'; }
function get_the_terms( $post, $taxonomy ) {
	$names = $GLOBALS['site']['terms'][ $post->ID ][ $taxonomy ] ?? array();
	return $names ? array_map( fn( $name ) => (object) array( 'term_id' => 'Uncategorized' === $name ? 1 : 2, 'name' => $name ), $names ) : false;
}
function get_post_thumbnail_id( $post ) { return get_post_meta( $post->ID, '_thumbnail_id', true ); }
function wp_get_attachment_image_url( $id, $size ) { return "https://example.org/uploads/$id.jpg"; }
function wp_timezone() { return new DateTimeZone( 'Asia/Damascus' ); }
function setup_postdata( $post ) { return true; }
function wp_strip_all_tags( $text ) { return trim( strip_tags( preg_replace( '@<(script|style)[^>]*?>.*?</\1>@si', '', $text ) ) ); }
function wp_json_encode( $value, $flags = 0 ) { return json_encode( $value, $flags ); }
if ( ! function_exists( 'mb_substr' ) ) {
	function mb_substr( $text, $start, $length ) { return implode( '', array_slice( preg_split( '//u', $text, -1, PREG_SPLIT_NO_EMPTY ), $start, $length ) ); }
}

function wp_remote_post( $url, array $args ) {
	$head = '';
	foreach ( $args['headers'] as $name => $value ) { $head .= "$name: $value\r\n"; }
	$http   = array( 'method' => 'POST', 'header' => $head, 'content' => $args['body'], 'timeout' => $args['timeout'], 'ignore_errors' => true, 'follow_location' => 0, 'user_agent' => 'WordPress/shim' );
	$answer = @file_get_contents( $url, false, stream_context_create( array( 'http' => $http ) ) );
	if ( false === $answer || empty( $http_response_header ) ) { return new WP_Error( 'http_request_failed', 'cURL error 7: Failed to connect to ' . parse_url( $url, PHP_URL_HOST ) ); }
	return array( 'code' => (int) explode( ' ', $http_response_header[0] )[1], 'body' => $answer );
}
function is_wp_error( $thing ) { return $thing instanceof WP_Error; }
function wp_remote_retrieve_response_code( $answer ) { return $answer['code']; }
function wp_remote_retrieve_body( $answer ) { return $answer['body']; }

function is_singular() { return $GLOBALS['page']['id'] > 0; }
function get_queried_object_id() { return $GLOBALS['page']['id']; }
function get_the_ID() { return $GLOBALS['page']['id']; }
function in_the_loop() { return $GLOBALS['page']['id'] > 0; }
function is_main_query() { return true; }
function is_feed() { return false; }
function esc_html( $text ) { return htmlspecialchars( $text, ENT_QUOTES, 'UTF-8', false ); }
function esc_attr( $text ) { return esc_html( $text ); }
function esc_url( $url ) { return esc_html( esc_url_raw( $url ) ); }
function esc_url_raw( $url, $protocols = array( 'http', 'https' ) ) { return in_array( parse_url( $url, PHP_URL_SCHEME ), $protocols, true ) ? preg_replace( '/[^\x21-\x7e]|[<>"\'`]/', '', $url ) : ''; }
function __( $text ) { return $text; }
function esc_html__( $text ) { return esc_html( $text ); }
function current_user_can( $what ) { return $GLOBALS['page']['cap']; }
function add_options_page( ...$args ) {}
function register_setting( $group, $option, array $args ) { add_filter( "sanitize_option_$option", $args['sanitize_callback'] ); }
function add_settings_error( ...$args ) {}
function settings_fields( $group ) { echo '<input type="hidden" name="_wpnonce" value="nonce">'; }
function checked( $one, $other, $echo ) { return $one === $other ? " checked='checked'" : ''; }
function submit_button( $text = 'Save Changes' ) { echo '<button>' . esc_html( $text ) . '</button>'; }
function admin_url( $path = '' ) { return "https://example.org/wp-admin/$path"; }
function wp_nonce_field( $action ) { echo '<input type="hidden" name="_wpnonce" value="' . esc_attr( md5( $action ) ) . '">'; }
function check_admin_referer( $action ) { if ( md5( $action ) !== ( $_POST['_wpnonce'] ?? '' ) ) { throw new Exception( 'The link you followed has expired.' ); } }
function wp_die( $message ) { throw new Exception( $message ); }
function wp_get_referer() { return false; }
function wp_safe_redirect( $url ) { throw new Exception( "redirect to $url" ); }

if ( getenv( 'FPM' ) ) {
	/** What PHP-FPM has: from here on whoever asked has the answer. */
	function fastcgi_finish_request() { $GLOBALS['site']['finished'] = true; }
}

/** What is due now, or would be in so many seconds. */
function run_cron( $ahead ) {
	$GLOBALS['page']['cron'] = true;
	$due = array_filter( $GLOBALS['site']['cron'], fn( $event ) => $event['at'] <= time() + $ahead );
	$GLOBALS['site']['cron'] = array_values( array_filter( $GLOBALS['site']['cron'], fn( $event ) => $event['at'] > time() + $ahead || isset( $event['every'] ) ) );
	foreach ( $due as $event ) { do_action( $event['hook'], ...$event['args'] ); }
	return array_column( $due, 'hook' );
}
function printed( callable $work ) {
	ob_start();
	try { $work(); } catch ( Exception $error ) { echo '!' . $error->getMessage(); }
	return ob_get_clean();
}
function act( array $act ) {
	global $page, $site;
	switch ( $act['do'] ) {
		case 'save': return wp_insert_post( $act['post'] );
		case 'publish': return wp_publish_post( $act['id'] );
		case 'trash': return wp_trash_post( $act['id'] );
		case 'delete': return wp_delete_post( $act['id'] );
		case 'cron': return run_cron( $act['ahead'] ?? 0 );
		case 'lose-cron': return $site['cron'] = array();
		case 'option': return update_option( $act['name'], $act['value'] );
		case 'enter': return update_option( 'slugline', apply_filters( 'sanitize_option_slugline', $act['value'] ) );
		case 'shortlink': return apply_filters( 'pre_get_shortlink', false, $act['id'], 'post', true );
		case 'page': $page['id'] = $act['id']; return array( apply_filters( 'the_content', '<p>Story</p>' ), apply_filters( 'pre_get_shortlink', false, 0, 'query', true ) );
		case 'settings': return printed( 'Slugline\\show_page' );
		case 'notices': return printed( fn() => do_action( 'admin_notices' ) );
		case 'again': $_POST['_wpnonce'] = $act['nonce'] ?? md5( 'slugline_again' ); return printed( fn() => do_action( 'admin_post_slugline_again' ) );
		case 'nobody': return $page['cap'] = false;
		case 'state': return $site;
	}
}

require getenv( 'PLUGIN' );
do_action( 'init' );
do_action( 'admin_init' );
$results = array_map( 'act', json_decode( stream_get_contents( STDIN ), true ) );
if ( ! getenv( 'DIES' ) ) { do_action( 'shutdown' ); }
file_put_contents( getenv( 'SITE' ), serialize( $site ) );
echo json_encode( $results );
