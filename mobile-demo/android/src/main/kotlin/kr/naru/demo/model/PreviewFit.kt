package kr.naru.demo.model

/**
 * How a camera's picture, which a view stretches to its own size, keeps its proportions and fills the view;
 * what is over is cut off.
 */
data class PreviewFit(
    /** By how much to scale around the middle, before turning. */
    val scaleX: Float,
    val scaleY: Float,
    /** By how many degrees to turn around the middle then. */
    val turn: Float,
) {
    companion object {
        /**
         * @param long the picture's long side, which lies along the phone's
         * @param turned by how many degrees the phone is turned from upright: a multiple of 90
         */
        fun of(viewWidth: Int, viewHeight: Int, long: Int, short: Int, turned: Int): PreviewFit {
            val (across, along) = if (turned % 180 == 0) viewWidth to viewHeight else viewHeight to viewWidth
            val scale = maxOf(across.toFloat() / short, along.toFloat() / long)
            return PreviewFit(scale * short / viewWidth, scale * long / viewHeight, -turned.toFloat())
        }
    }
}
