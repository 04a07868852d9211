/* The arithmetic of the model. Built with: cc -O2 -shared -fPIC -o libscore.so score.c */

double score(const double *weights, const double *features, int count, double bias) {
    double sum = bias;
    for (int i = 0; i < count; i++)
        sum += weights[i] * features[i];
    return sum;
}
