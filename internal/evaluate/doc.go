// Package evaluate measures detections on a simulated stream whose attacks are known, side by side with published rules
// of others that are re-stated in SQL (baselines/).
package evaluate
