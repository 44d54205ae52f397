#include <stdio.h>

int main(void)
{
	puts("an ordinary program");
	return 0;
}
